//! The report as a page, and as Markdown.

use std::fmt::Write;

use crate::section::{Grid, Section};

pub(crate) struct Report {
    pub(crate) machine: Vec<(&'static str, String)>,
    pub(crate) quick: bool,
    pub(crate) sections: Vec<Section>,
}

const TITLE: &str = "arenite: what was measured";
const READ: &str = "Figures of another machine, or another day, compare with nothing here. In the pictures of ratios, blue bars to the \
    left are won, orange ones to the right are lost, and grey is within 2 %. How everything is measured, and what to beware of, is told in \
    benches/README.md.";
const HURRY: &str = "Made with --quick: expect more noise.";

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#24292f;--ground:#fff;--axis:#57606a;--line:#d0d7de}\
@media(prefers-color-scheme:dark){:root{--ink:#d0d7de;--ground:#0d1117;--axis:#8b949e;--line:#30363d}}\
body{margin:0 auto;max-width:66rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}\
h1{line-height:1.2}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}\
td,th{padding:.15rem .5rem;border-bottom:1px solid var(--line);text-align:right;font-weight:normal}\
thead th{vertical-align:bottom;font-weight:bold}td:first-child,th:first-child{text-align:left}\
.wide{overflow-x:auto}.machine td{text-align:left}\
.pictures{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0;flex:1 1 20rem;max-width:32rem}\
figure.double{max-width:100%;flex-basis:100%;overflow-x:auto}figure.double svg{min-width:40rem}\
figcaption{font-weight:bold}svg{width:100%;height:auto}\
svg text{fill:var(--ink);stroke:none;font-family:system-ui,sans-serif}\
svg polyline[stroke=\"#000000\"],svg line[stroke=\"#000000\"]{stroke:var(--axis)}\
details{margin:.5rem 0}summary{cursor:pointer}";

/// Text as HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The width of a picture, in pixels.
fn width(svg: &str) -> u32 {
    let number = svg.split_once(" width=\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    number.unwrap_or(0)
}

/// The picture without what is its own as a file: the style, which would be that of the whole page.
fn inline(svg: &str) -> String {
    let tag = svg.find("<svg").unwrap_or(0);
    match (svg.find("<style>"), svg.find("</style>")) {
        (Some(begin), Some(end)) if tag < begin => {
            svg[tag..begin].to_owned() + &svg[end + "</style>".len()..]
        }
        _ => svg[tag..].to_owned(),
    }
}

impl Report {
    /// Every picture, by the name of its file.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.sections
            .iter()
            .flat_map(|section| &section.pictures)
            .map(|picture| (picture.name, picture.svg.as_str()))
    }

    /// One file that needs no other and no script.
    pub(crate) fn html(&self) -> String {
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
            <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
            <title>{TITLE}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{TITLE}</h1>\n"
        );
        page += "<div class=\"wide\"><table class=\"machine\">\n";
        for (name, value) in &self.machine {
            page += &format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n", escape(value));
        }
        page += &format!("</table></div>\n<p>{}</p>\n", escape(READ));
        if self.quick {
            page += &format!("<p><strong>{}</strong></p>\n", escape(HURRY));
        }
        for section in &self.sections {
            page += &section.html();
        }
        page + "</body>\n</html>\n"
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("# {TITLE}\n\n| | |\n|---|---|\n");
        for (name, value) in &self.machine {
            text += &format!("| {name} | {} |\n", cell(value));
        }
        text += &format!("\n{READ}\n");
        if self.quick {
            text += &format!("\n**{HURRY}**\n");
        }
        for section in &self.sections {
            text += &section.markdown();
        }
        text
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

impl Section {
    fn html(&self) -> String {
        let mut page = format!("<section>\n<h2>{}</h2>\n", escape(self.part.title()));
        if !self.text.is_empty() {
            page += &format!("<p>{}</p>\n", escape(self.text));
        }
        if !self.verdicts.is_empty() {
            let items: String =
                self.verdicts.iter().map(|text| format!("<li>{}</li>\n", escape(text))).collect();
            page += &format!("<ul>\n{items}</ul>\n");
        }
        page += "<div class=\"pictures\">\n";
        for picture in &self.pictures {
            let class = if width(&picture.svg) > 600 { " class=\"double\"" } else { "" };
            let title = escape(&picture.title);
            page += &format!("<figure{class}>\n<figcaption>{title}</figcaption>\n");
            let svg = inline(&picture.svg);
            page += &svg.replacen("<svg", &format!("<svg role=\"img\" aria-label=\"{title}\""), 1);
            page += "</figure>\n";
        }
        page += "</div>\n";
        for grid in &self.grids {
            page += &grid.html();
        }
        page + "</section>\n"
    }

    fn markdown(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.part.title());
        if !self.text.is_empty() {
            text += &format!("{}\n\n", self.text);
        }
        for verdict in &self.verdicts {
            text += &format!("* {verdict}\n");
        }
        for picture in &self.pictures {
            text += &format!("\n**{}**\n\n![{}]({})\n", picture.title, picture.title, picture.name);
        }
        for grid in &self.grids {
            text += &grid.markdown();
        }
        text
    }
}

impl Grid {
    fn html(&self) -> String {
        let mut page =
            format!("<details><summary>{}</summary>\n<div class=\"wide\"><table>\n", escape(self.title));
        for (number, row) in self.rows.iter().enumerate() {
            page += if number == 0 { "<thead><tr>" } else { "<tr>" };
            for (column, cell) in row.iter().enumerate() {
                let tag = if number == 0 || column == 0 { "th" } else { "td" };
                _ = write!(page, "<{tag}>{}</{tag}>", escape(cell));
            }
            page += if number == 0 { "</tr></thead>\n<tbody>\n" } else { "</tr>\n" };
        }
        page + "</tbody></table></div></details>\n"
    }

    fn markdown(&self) -> String {
        let mut text = format!("\n{}\n\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            text += &format!("| {} |\n", cells.join(" | "));
            if number == 0 {
                text += &format!("|---|{}\n", "--:|".repeat(row.len().saturating_sub(1)));
            }
        }
        text
    }
}
