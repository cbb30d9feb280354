//! Carriers, and where their verdicts come from.

use super::input::{Asked, Page, Part};
use super::refused::Refused;
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::ledger::SourceProfile;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(carriers)).routes(routes!(sources))
}

/// A carrier or analytics engine that was heard of.
#[derive(Serialize, ToSchema)]
struct Carrier {
    /// Its own for good.
    id: u16,
    #[schema(example = "AT&T (Hiya)")]
    name: String,
}

/// Every carrier that was ever heard of, by name
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/carriers",
    operation_id = "list-carriers",
    tag = "carriers",
    params(Part),
    responses((status = 200, description = "Part of them", body = Page<Carrier>), Refused)
)]
async fn carriers(
    State(site): State<Site>,
    _: Administrator,
    Asked(Part { limit, after }): Asked<Part>,
) -> Result<Json<Page<Carrier>>, Problem> {
    let mut known = site.dialguard().ledger().carriers()?;
    known.sort_by(|one, other| one.name.cmp(&other.name));
    let wanted = known.into_iter().filter(|carrier| after.as_ref().is_none_or(|after| carrier.name > *after));
    let page = Page::of(wanted, limit, |carrier| carrier.name.clone());
    Ok(Json(page.map(|carrier| Carrier { id: carrier.id, name: carrier.name })))
}

/// A source of verdicts.
#[derive(Serialize, ToSchema)]
struct Source {
    name: String,
    kind: SourceKind,
    /// The folder, the file, or the seed; of a service its settings in JSON, which say where its secrets are and never
    /// what they are.
    location: String,
}

/// What a source of verdicts is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum SourceKind {
    /// A folder of the FTC's daily complaint files.
    Ftc,
    /// A file that a dialer writes.
    Verdicts,
    /// Made up from a seed.
    Simulated,
    /// DNCScrub TrustCall.
    #[serde(rename = "trustcall")]
    TrustCall,
    /// Telnyx number reputation.
    Telnyx,
    /// Nomorobo's spam score, through Twilio Lookup.
    Nomorobo,
}

impl From<SourceProfile> for Source {
    fn from(source: SourceProfile) -> Self {
        let kind = match source.kind {
            dialguard_dialer::ledger::SourceKind::Ftc => SourceKind::Ftc,
            dialguard_dialer::ledger::SourceKind::Verdicts => SourceKind::Verdicts,
            dialguard_dialer::ledger::SourceKind::Simulated => SourceKind::Simulated,
            dialguard_dialer::ledger::SourceKind::TrustCall => SourceKind::TrustCall,
            dialguard_dialer::ledger::SourceKind::Telnyx => SourceKind::Telnyx,
            dialguard_dialer::ledger::SourceKind::Nomorobo => SourceKind::Nomorobo,
        };
        Source { name: source.name, kind, location: source.location }
    }
}

/// Where verdicts come from, by name
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "list-sources",
    tag = "carriers",
    params(Part),
    responses((status = 200, description = "Part of them", body = Page<Source>), Refused)
)]
async fn sources(
    State(site): State<Site>,
    _: Administrator,
    Asked(Part { limit, after }): Asked<Part>,
) -> Result<Json<Page<Source>>, Problem> {
    let known = site.dialguard().ledger().sources()?;
    let wanted = known.into_iter().filter(|source| after.as_ref().is_none_or(|after| source.name > *after));
    Ok(Json(Page::of(wanted, limit, |source| source.name.clone()).map(Source::from)))
}
