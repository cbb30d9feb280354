//! How a call ended, in the words and codes of telephony programs.

use crate::ledger::CallCounts;
use crate::table_file::column_key;

/// An answered call that is over within so many seconds is short.
pub(crate) const SHORT_SECONDS_MAX: f64 = 6.0;

/// Somebody answered.
const ANSWERED: [&str; 5] = ["answered", "answer", "completed", "complete", "connected"];

/// Nobody did. From Asterisk and VICIdial, Twilio, and the causes of FreeSWITCH.
const NOT_ANSWERED: [&str; 27] = [
    "noanswer",
    "busy",
    "failed",
    "failure",
    "canceled",
    "cancelled",
    "cancel",
    "congestion",
    "chanunavail",
    "rejected",
    "declined",
    "unanswered",
    "missed",
    "dontcall",
    "torture",
    "invalidargs",
    "originatorcancel",
    "userbusy",
    "nouserresponse",
    "callrejected",
    "unallocatednumber",
    "normaltemporaryfailure",
    "recoveryontimerexpire",
    "invalidnumberformat",
    "noroutedestination",
    "networkoutoforder",
    "usernotregistered",
];

/// It is not over.
const UNDER_WAY: [&str; 5] = ["queued", "ringing", "inprogress", "initiated", "bridged"];

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered { is_short: bool },
    NotAnswered,
    Blocked,
}

/// What a row says about the end of its call; empty texts where it has no such column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended<'t> {
    pub(crate) outcome: &'t str,
    pub(crate) sip_code: &'t str,
    pub(crate) sip_reason: &'t str,
    pub(crate) seconds: &'t str,
}

impl Ended<'_> {
    /// Or why it cannot be told.
    pub(crate) fn ending(&self) -> Result<Ending, String> {
        let seconds = seconds(self.seconds)?;
        let code = sip_code(self.sip_code).or_else(|| sip_code(self.outcome));
        let word = column_key(self.outcome);
        let is = |words: &[&str]| words.contains(&word.as_str());
        let answered = Ending::Answered { is_short: seconds.is_some_and(|seconds| seconds <= SHORT_SECONDS_MAX) };
        match code {
            _ if is(&UNDER_WAY) => Err(format!("the call is {:?}; import it when it is over", self.outcome)),
            _ if is(&ANSWERED) => Ok(answered),
            _ if self.is_blocked(code) => Ok(Ending::Blocked),
            _ if is(&NOT_ANSWERED) => Ok(Ending::NotAnswered),
            Some(200) => Ok(answered),
            Some(300..) => Ok(Ending::NotAnswered),
            _ => match seconds {
                Some(0.0) => Ok(Ending::NotAnswered),
                Some(_) => Ok(answered),
                None if word.is_empty() => Err("it does not say how the call ended".into()),
                None => Err(format!(
                    "{:?} does not say whether the call was answered; write answered, no answer, or a code of SIP",
                    self.outcome
                )),
            },
        }
    }

    /// An analytics engine refused it on the way: 603+ 'Network Blocked', and the older 607 and 608. A 603 alone is a person
    /// who declined.
    fn is_blocked(&self, code: Option<u16>) -> bool {
        let says_so = |text: &str| column_key(text).contains("networkblocked");
        let is_plus = |text: &str| text.contains("603+");
        matches!(code, Some(607 | 608))
            || [self.outcome, self.sip_reason, self.sip_code].into_iter().any(|text| says_so(text) || is_plus(text))
    }
}

/// Whether a call came in, by its direction; where that is not said, a call without a caller of the system's own.
pub(crate) fn is_incoming(direction: &str, number: &str) -> bool {
    let direction = direction.to_lowercase();
    match direction.is_empty() {
        true => number.is_empty(),
        false => direction.starts_with("in") || direction == "local",
    }
}

/// The counts of one call.
pub(crate) fn one_call(ending: Ending) -> CallCounts {
    let (answered, short, blocked) = match ending {
        Ending::Answered { is_short } => (1, u32::from(is_short), 0),
        Ending::NotAnswered => (0, 0, 0),
        Ending::Blocked => (0, 0, 1),
    };
    CallCounts::new(1, answered, short, blocked).expect("one call ends in one way")
}

/// `603`, `sip:603`, `SIP/2.0 603 Decline`, `603+`.
fn sip_code(text: &str) -> Option<u16> {
    let mut words = text.split(|character: char| !character.is_ascii_digit()).filter(|word| word.len() == 3);
    words.find_map(|word| word.parse().ok()).filter(|code| (100..700).contains(code))
}

/// Seconds as a number, or as hours, minutes and seconds; none where the text is empty.
fn seconds(text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let part = |part: &str| part.trim().parse::<f64>().ok().filter(|part| part.is_finite() && *part >= 0.0);
    let parts: Option<Vec<f64>> = text.split(':').map(part).collect();
    match parts.as_deref() {
        Some([seconds]) => Ok(Some(*seconds)),
        Some([minutes, seconds]) => Ok(Some(minutes * 60.0 + seconds)),
        Some([hours, minutes, seconds]) => Ok(Some(hours * 3_600.0 + minutes * 60.0 + seconds)),
        _ => Err(format!("{text:?} is not a duration; write it in seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_told_from_words_codes_and_seconds() {
        const LONG: Ending = Ending::Answered { is_short: false };
        const SHORT: Ending = Ending::Answered { is_short: true };
        use Ending::{Blocked, NotAnswered};
        for (outcome, sip_code, sip_reason, seconds, expected) in [
            // Asterisk and FreePBX
            ("ANSWERED", "", "", "31", LONG),
            ("ANSWERED", "", "", "6", SHORT),
            ("ANSWERED", "", "", "7", LONG),
            ("ANSWERED", "", "", "0", SHORT),
            ("NO ANSWER", "", "", "0", NotAnswered),
            ("BUSY", "", "", "", NotAnswered),
            // VICIdial
            ("ANSWER", "200", "OK", "12", LONG),
            ("CONGESTION", "603", "Network Blocked", "0", Blocked),
            ("CONGESTION", "603", "Decline", "0", NotAnswered),
            ("BUSY", "608", "Rejected", "", Blocked),
            ("CANCEL", "487", "", "", NotAnswered),
            // FreeSWITCH
            ("NORMAL_CLEARING", "", "", "0", NotAnswered),
            ("NORMAL_CLEARING", "sip:200", "", "4", SHORT),
            ("CALL_REJECTED", "sip:607", "", "0", Blocked),
            ("ORIGINATOR_CANCEL", "", "", "0", NotAnswered),
            // Twilio
            ("completed", "", "", "40", LONG),
            ("completed", "", "", "", LONG),
            ("no-answer", "", "", "0", NotAnswered),
            ("failed", "603+", "", "0", Blocked),
            // Codes and seconds alone
            ("603+", "", "", "", Blocked),
            ("SIP/2.0 603 Network Blocked", "", "", "", Blocked),
            ("480", "", "", "", NotAnswered),
            ("200", "", "", "0:00:05", SHORT),
            ("", "", "", "1:02:03", LONG),
            ("", "", "", "0", NotAnswered),
            ("SALE", "", "", "95.5", LONG),
        ] {
            let ended = Ended { outcome, sip_code, sip_reason, seconds };
            assert_eq!(ended.ending(), Ok(expected), "{ended:?}");
        }
    }

    #[test]
    fn an_ending_in_doubt_is_refused() {
        for (outcome, seconds, why) in [
            ("", "", "does not say how the call ended"),
            ("SALE", "", "does not say whether the call was answered"),
            ("16", "", "does not say whether"),
            ("in-progress", "3", "when it is over"),
            ("ANSWERED", "soon", "not a duration"),
            ("ANSWERED", "-1", "not a duration"),
            ("ANSWERED", "1:2:3:4", "not a duration"),
        ] {
            let ended = Ended { outcome, sip_code: "", sip_reason: "", seconds };
            let error = ended.ending().unwrap_err();
            assert!(error.contains(why), "{ended:?}: {error}");
        }
    }
}
