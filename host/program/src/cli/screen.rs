//! `dialguard screen`

use super::consent::{Consent, Question};
use super::output::{e164, problems_in_words, status_mark, table};
use super::refused::RefusedRows;
use super::requests::parse;
use super::{CommandContext, Done, files};
use crate::json::{Screened, ScreeningTried};
use crate::screened::ScreenedNumbers;
use crate::words::{asked_in_words, count, recognized, screening_cost_in_words, subject, thousands};
use anyhow::{Context, Result, ensure};
use clap::Args;
use dialguard::contract::{NUMBERS_PER_CALL_MAX, PhoneNumber};
use dialguard_dialer::dialguard::{ScreeningCost, count_to_type};
use dialguard_dialer::ledger::{CarrierAnswer, Ledger};
use dialguard_dialer::number_file::{BadRow, NumberFile, ReadOptions, refused_rows};
use dialguard_dialer::phone::Letters;
use std::path::PathBuf;

#[derive(Args)]
pub struct Screen {
    /// The account, whose settings say what counts as flagging
    id: String,
    /// Numbers such as +13105550123 or, in the account's national format, "(310) 555-0123"
    #[arg(required_unless_present = "file", value_name = "NUMBER")]
    numbers: Vec<String>,
    /// A file of numbers, read like that of `dialguard numbers import`
    #[arg(long, value_name = "FILE", conflicts_with = "numbers")]
    file: Option<PathBuf>,
    /// The column with the numbers, by its name in the header or its place from 1, if another was recognized
    #[arg(long, value_name = "NAME", requires = "file")]
    column: Option<String>,
    /// Read vanity numbers such as 1-800-FLOWERS, which are refused otherwise
    #[arg(long, requires = "file")]
    vanity: bool,
    /// Write each number with what each carrier says into this new CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    refused: RefusedRows,
    #[command(flatten)]
    consent: Consent,
}

/// Numbers to screen, and the rows of a file of which none was read.
struct List {
    numbers: Vec<PhoneNumber>,
    refused: Vec<BadRow>,
    /// How the file was read.
    read: String,
}

impl Screen {
    fn list(&self, ledger: &Ledger) -> Result<List> {
        let Some(path) = &self.file else {
            return Ok(List {
                numbers: parse(ledger, &self.id, &self.numbers)?,
                refused: Vec::new(),
                read: String::new(),
            });
        };
        let (region, letters) = (ledger.account(&self.id)?.region, Letters::vanity_if(self.vanity));
        let options = ReadOptions { region, column: self.column.clone(), letters };
        self.refused.ensure_new()?;
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = NumberFile::read(&bytes, &options, |_, _| true).with_context(|| path.display().to_string())?;
        self.refused.write(&file.bad_rows, || refused_rows(&bytes, &options, &file.bad_rows))?;
        let read = format!("{}: {}\n", path.display(), recognized(&file));
        let numbers = file.numbers.iter().map(|(_, number)| number.digits()).collect();
        Ok(List { numbers, refused: file.bad_rows, read })
    }

    /// What was refused of the file, in words.
    fn refused_in_words(&self, list: &List) -> String {
        match list.refused.len() {
            0 => String::new(),
            refused => {
                let (written, _) = self.refused.in_file(&list.refused);
                format!("{} refused\n{}{written}", count(refused as u64, "row"), RefusedRows::list(&list.refused))
            }
        }
    }
}

/// Screens numbers that need not be the account's, once the user has agreed to what that costs.
pub async fn screen(context: &CommandContext, screen: Screen) -> Result<Done> {
    let dialguard = context.dialguard()?;
    screen.csv.as_deref().map_or(Ok(()), files::ensure_new)?;
    let list = screen.list(dialguard.ledger())?;
    let most = thousands(NUMBERS_PER_CALL_MAX as u64);
    ensure!(list.numbers.len() <= NUMBERS_PER_CALL_MAX, "screen at most {most} numbers at a time");
    let cost = dialguard.screening_cost(&screen.id, &list.numbers)?;
    let is_refused = !list.refused.is_empty();
    if screen.consent.dry_run {
        let text = || list.read.clone() + &told(&cost) + &screen.refused_in_words(&list) + "Nobody was asked.";
        return Ok(Done::show(context.json, || ScreeningTried::from(&cost), text).refused_if(is_refused));
    }
    if cost.micros() > 0 {
        let (count, act) = (count_to_type(cost.numbers, cost.cents()), format!("screen {}", subject(&list.numbers)));
        screen.consent.ask(|| Question { told: told(&cost), act, count })?;
    }
    let screened = dialguard.screen_all(&screen.id, &list.numbers).await?;
    let carriers = dialguard.ledger().carriers()?;
    let numbers = ScreenedNumbers::new(&screened, carriers.clone());
    screen.csv.as_deref().map_or(Ok(()), |file| files::write_new(file, &numbers.file()))?;
    let text = || {
        let (rows, problems) = (rows(&numbers), problems_in_words(&screened.problems));
        format!("{}{rows}{}\n{}{problems}", list.read, numbers.in_words(), screen.refused_in_words(&list))
    };
    Ok(Done::show(context.json, || Screened::new(&screened, carriers), text).refused_if(is_refused))
}

/// What screening would ask of which source and cost.
fn told(cost: &ScreeningCost) -> String {
    let sources = cost.sources.iter().map(|asked| format!("  {}: {}\n", asked.source.name, asked_in_words(asked)));
    screening_cost_in_words(cost) + "\n" + &sources.collect::<String>()
}

/// The numbers, clean ones first, each with what carriers say.
fn rows(numbers: &ScreenedNumbers) -> String {
    let header = ["NUMBER", "STATUS", "CARRIERS"].map(str::to_owned).into_iter();
    let header = header.chain(numbers.carriers.iter().map(|carrier| carrier.name.clone())).collect::<Vec<_>>();
    let rows = numbers.groups().into_iter().flat_map(|(_, _, screenings)| screenings).map(|it| {
        let carriers = format!("{} of {} flag it", it.flagging, it.answering);
        let own = [e164(it.number).to_string(), status_mark(it.status).to_owned(), carriers];
        let said = numbers.carriers.iter().map(|carrier| said(numbers.answer(it.number, carrier)));
        own.into_iter().chain(said).collect::<Vec<String>>()
    });
    table(header, rows)
}

fn said(answer: Option<&CarrierAnswer>) -> String {
    answer.and_then(|answer| answer.score).map_or("–".into(), |score| score.to_string())
}
