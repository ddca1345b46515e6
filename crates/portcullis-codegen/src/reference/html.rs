//! The reference as one page of HTML that needs nothing else: no script, no font, no other file. HTML in documentation
//! is shown as text, and links lead to web pages and headings only.

use portcullis_proto::schema::Schema;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::{REFERENCE_HEADER, anchor, markdown};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1b1f24;background:#fff}table{border-collapse:collapse}th,td{border:1px solid #d0d7de;padding:.25rem .6rem;\
text-align:left;vertical-align:top}code{font-family:ui-monospace,monospace}h2{border-bottom:1px solid #d0d7de}\
@media(prefers-color-scheme:dark){body{color:#d1d7e0;background:#16191d}a{color:#7ab8ff}}";

/// The reference as a page of HTML.
pub fn html(schema: &Schema) -> String {
    let text = markdown(schema);
    let text = text.strip_prefix(REFERENCE_HEADER).unwrap_or(&text);
    let events =
        with_anchors(Parser::new_ext(text, Options::ENABLE_TABLES).map(harmless).collect());
    let mut body = String::new();
    pulldown_cmark::html::push_html(&mut body, events.into_iter());
    // The check of schemas lets nothing into a contract's name that HTML would take for its own.
    let title = &schema.contract;
    format!(
        "<!doctype html>\n{REFERENCE_HEADER}\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
<body>\n{body}</body>\n</html>\n"
    )
}

/// The same event without what a page could be made to run, or to load.
fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: address(dest_url), title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: address(dest_url), title, id })
        }
        other => other,
    }
}

fn address(url: CowStr<'_>) -> CowStr<'_> {
    let good = ["#", "https://", "http://"].iter().any(|start| url.starts_with(start));
    if good { url } else { CowStr::Borrowed("#") }
}

/// Gives each heading the anchor that links to it expect.
fn with_anchors(mut events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut heading: Option<(usize, String)> = None;
    let mut anchors = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some((index, String::new())),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(text);
                }
            }
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take()),
            _ => {}
        }
    }
    for (index, title) in anchors {
        if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(index) {
            *id = Some(anchor(&title).into());
        }
    }
    events
}
