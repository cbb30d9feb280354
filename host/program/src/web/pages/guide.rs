//! The guides of `host/program/docs/`, for everybody who can open the sign-in page. Help links lead to their sections.

use super::Failed;
use super::layout::{page, reading};
use super::not_found;
use crate::web::Site;
use crate::web::auth::{Caller, Denied};
use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html::push_html};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A guide: its name in addresses, and its text.
struct Guide {
    name: &'static str,
    markdown: &'static str,
}

const GUIDES: [Guide; 6] = [
    Guide { name: "dashboard", markdown: include_str!("../../../docs/dashboard.md") },
    Guide { name: "numbers-and-money", markdown: include_str!("../../../docs/numbers-and-money.md") },
    Guide { name: "operating", markdown: include_str!("../../../docs/operating.md") },
    Guide { name: "api", markdown: include_str!("../../../docs/api.md") },
    Guide { name: "policies", markdown: include_str!("../../../docs/policies.md") },
    Guide { name: "speed", markdown: include_str!("../../../docs/speed.md") },
];

/// The image of the guides.
const DASHBOARD: &[u8] = include_bytes!("../../../docs/dashboard.png");

/// Each guide as HTML, by its name.
static PAGES: LazyLock<HashMap<&str, Page>> =
    LazyLock::new(|| GUIDES.iter().map(|guide| (guide.name, Page::of(guide.markdown))).collect());

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/guide", get(contents))
        .route("/guide/dashboard.png", get(dashboard))
        .route("/guide/{page}", get(guide))
}

async fn contents(caller: Result<Caller, Denied>) -> Markup {
    let content = html! {
        h1 { "Guide" }
        ul.contents {
            @for Guide { name, .. } in &GUIDES {
                @let page = &PAGES[name];
                li {
                    a href={ "/guide/" (name) } { (page.title) }
                    ul { @for (id, heading) in &page.sections { li { a href={ "/guide/" (name) "#" (id) } { (heading) } } } }
                }
            }
        }
    };
    frame(caller, "Guide", &content)
}

async fn guide(caller: Result<Caller, Denied>, Path(name): Path<String>) -> Result<Markup, Failed> {
    let Some(page) = PAGES.get(&*name) else { return Err(not_found().await) };
    let content = html! {
        p { a href="/guide" { "All guides" } }
        article.guide { (PreEscaped(&page.html)) }
    };
    Ok(frame(caller, &page.title, &content))
}

async fn dashboard() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/png")], DASHBOARD)
}

/// Users keep their header; visitors of the sign-in page get a link to it.
fn frame(caller: Result<Caller, Denied>, title: &str, content: &Markup) -> Markup {
    match caller {
        Ok(caller) => page(&caller, None, title, content.clone()),
        Err(_) => reading(title, content),
    }
}

/// A guide as HTML.
struct Page {
    title: String,
    html: String,
    /// The id and the heading of each section.
    sections: Vec<(String, String)>,
}

impl Page {
    fn of(markdown: &str) -> Self {
        let mut events: Vec<Event> = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(led_to_here).collect();
        let (mut title, mut sections) = (String::new(), Vec::new());
        for place in 0..events.len() {
            let Event::Start(Tag::Heading { level, .. }) = &events[place] else { continue };
            let (level, heading) = (*level as usize, text_of(&events[place + 1..]));
            let anchor = anchor(&heading);
            if let Event::Start(Tag::Heading { id, .. }) = &mut events[place] {
                *id = Some(CowStr::from(anchor.clone()));
            }
            match level {
                1 => title = heading,
                2 => sections.push((anchor, heading)),
                _ => {}
            }
        }
        let mut html = String::new();
        push_html(&mut html, without_dead_links(events).into_iter());
        Page { title, html, sections }
    }
}

/// The text of a heading that has just begun.
fn text_of(events: &[Event]) -> String {
    let within = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let texts = within.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

/// The id of a heading, as links between the guides have it: `Caps and charges` is `caps-and-charges`.
fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase();
    let letters = letters.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    letters.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// Links to other guides lead to their pages here, and images to those that are served. A link to another file of the
/// repository leads nowhere.
fn led_to_here(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: address(&dest_url).into(), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let dest_url = format!("/guide/{}", dest_url.trim_start_matches("./")).into();
            Event::Start(Tag::Image { link_type, dest_url, title, id })
        }
        other => other,
    }
}

/// Where a link of a guide leads here; empty if nowhere.
fn address(link: &str) -> String {
    if link.starts_with("https://") || link.starts_with('#') {
        return link.to_owned();
    }
    let (file, section) = link.split_once('#').map_or((link, String::new()), |(file, id)| (file, format!("#{id}")));
    let guide = GUIDES.iter().find(|guide| file.strip_suffix(".md") == Some(guide.name));
    guide.map_or(String::new(), |guide| format!("/guide/{}{section}", guide.name))
}

/// A link that leads nowhere is plain text.
fn without_dead_links(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut is_dead = false;
    let is_kept = |event: &Event| match event {
        Event::Start(Tag::Link { dest_url, link_type, .. }) => {
            is_dead = dest_url.is_empty() && *link_type == LinkType::Inline;
            !is_dead
        }
        Event::End(TagEnd::Link) => !std::mem::take(&mut is_dead),
        _ => true,
    };
    events.into_iter().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_link_of_a_guide_leads_to_a_section_that_exists() {
        let addresses: HashSet<String> = GUIDES
            .iter()
            .flat_map(|Guide { name, .. }| {
                let ids = PAGES[name].html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next());
                let sections = ids.map(move |id| format!("/guide/{name}#{id}"));
                sections.chain([format!("/guide/{name}")])
            })
            .collect();
        let mut found = 0;
        for Guide { name, .. } in &GUIDES {
            for link in PAGES[name].html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let link = if link.starts_with('#') { format!("/guide/{name}{link}") } else { link.to_owned() };
                assert!(link.starts_with("https://") || addresses.contains(&link), "{name}: {link}");
                found += 1;
            }
        }
        assert!(found > 20, "{found} links");
        for help in [
            "operating#sources",
            "operating#running-it",
            "numbers-and-money#what-the-marks-mean",
            "numbers-and-money#how-numbers-are-checked",
        ] {
            assert!(addresses.contains(&format!("/guide/{help}")), "{help}");
        }
    }

    #[test]
    fn guides_have_titles_sections_and_tables() {
        let page = Page::of(
            "# A `guide`\n\n## Caps and charges\n\n[x](../../../README.md#a) ![y](dashboard.png)\n\n|a|\n|-|\n|b|\n",
        );
        assert_eq!(page.title, "A guide");
        assert_eq!(page.sections, [("caps-and-charges".to_owned(), "Caps and charges".to_owned())]);
        assert!(page.html.contains("<h2 id=\"caps-and-charges\">"), "{}", page.html);
        assert!(page.html.contains("<p>x <img src=\"/guide/dashboard.png\""), "{}", page.html);
        assert!(page.html.contains("<table>"), "{}", page.html);
    }
}
