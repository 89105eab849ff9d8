//! Pictures: as wide as a phone can show with letters that can be read.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 480;
const FONT: &str = "sans-serif";
/// Of letters, for the library, which makes four fifths of it in pixels; and how wide one is, more or less.
const SIZE: i32 = 16;
const LETTER: i32 = 7;

/// Of middling brightness, and told apart also by those who see few colours.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 140, 200),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(128, 128, 128),
    RGBColor(190, 150, 0),
    RGBColor(120, 94, 240),
];
const WON: RGBColor = COLOURS[0];
const LOST: RGBColor = COLOURS[1];
const EVEN: RGBColor = RGBColor(128, 128, 128);

/// Ratios closer to 1 than this are neither won nor lost.
pub(crate) const NOISE: f64 = 0.02;

/// Rules for text and axes win over the attributes that the library writes; the ground is transparent.
const STYLE: &str = "<style>text{fill:#24292f;stroke:none;font-family:sans-serif}\
    polyline[stroke=\"#000000\"],line[stroke=\"#000000\"]{stroke:#57606a}\
    @media(prefers-color-scheme:dark){text{fill:#d0d7de}\
    polyline[stroke=\"#000000\"],line[stroke=\"#000000\"]{stroke:#8b949e}}</style>";

type Drawing<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// A picture as a file of its own.
pub(crate) fn alone(svg: &str) -> String {
    match svg.find("<svg").and_then(|tag| Some(tag + svg[tag..].find('>')? + 1)) {
        Some(behind) if !svg.contains("<style>") => format!("{}{STYLE}{}", &svg[..behind], &svg[behind..]),
        _ => svg.to_owned(),
    }
}

/// How an axis is divided, and what stands beside it.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) title: &'static str,
    pub(crate) scale: Scale,
    pub(crate) label: fn(f64) -> String,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    /// From zero on.
    Linear,
    /// Equal distances are equal ratios.
    Doubling,
}

impl Scale {
    fn place(self, value: f64) -> f64 {
        if self == Scale::Linear { value } else { value.log2() }
    }

    fn value(self, place: f64) -> f64 {
        if self == Scale::Linear { place } else { place.exp2() }
    }

    /// From the least to the greatest of these, with a little room above.
    fn range(self, values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
        let (low, high) = values
            .map(|value| self.place(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let low = if self == Scale::Linear { 0.0 } else { low };
        let room = ((high - low) * 0.04).max(f64::MIN_POSITIVE);
        if low < high { low..high + room } else { low..low + 1.0 }
    }
}

/// A line of a chart: a name and points.
pub(crate) type Series = (String, Vec<(f64, f64)>);

/// Lines, with a legend above them.
pub(crate) fn lines(x: Axis, y: Axis, series: &[Series]) -> String {
    draw(300, |area| {
        let legend = legend(area, series.iter().map(|(name, _)| name.as_str()))?;
        let (_, below) = area.split_vertically(legend);
        let points = || series.iter().flat_map(|(_, points)| points.iter());
        let mut chart = ChartBuilder::on(&below)
            .margin(4)
            .margin_right(14)
            .x_label_area_size(40)
            .y_label_area_size(72)
            .build_cartesian_2d(
                x.scale.range(points().map(|point| point.0)),
                y.scale.range(points().map(|point| point.1)),
            )?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(EVEN.mix(0.3))
            .x_desc(x.title)
            .y_desc(y.title)
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|place| (x.label)(x.scale.value(*place)))
            .y_label_formatter(&|place| (y.label)(y.scale.value(*place)))
            .label_style((FONT, SIZE))
            .draw()?;
        // Every other one wider: two that run the same way are both seen.
        for (number, (_, points)) in series.iter().enumerate() {
            let places = points.iter().map(|point| (x.scale.place(point.0), y.scale.place(point.1)));
            let stroke = if number % 2 == 0 { 4 } else { 2 };
            chart
                .draw_series(LineSeries::new(places, COLOURS[number % COLOURS.len()].stroke_width(stroke)))?;
        }
        Ok(())
    })
}

/// Names beside their colours, in as many rows as they need. Returns how high that is.
fn legend<'n>(area: &Drawing<'_>, names: impl Iterator<Item = &'n str>) -> Result<i32, Box<dyn Error>> {
    const ROW: i32 = 19;
    let (mut left, mut top) = (8, 4);
    for (number, name) in names.enumerate() {
        let width = 22 + LETTER * name.chars().count() as i32 + 10;
        if left > 8 && left + width > WIDTH as i32 {
            (left, top) = (8, top + ROW);
        }
        let colour = COLOURS[number % COLOURS.len()];
        area.draw(&Rectangle::new([(left, top + 4), (left + 16, top + 10)], colour.filled()))?;
        write(area, name, (left + 22, top + 7), HPos::Left)?;
        left += width;
    }
    Ok(top + ROW)
}

/// Bars to both sides of 1: what is won to the left, what is lost to the right, with the figures. Doubling is as far to the
/// one side as halving to the other.
pub(crate) fn ratios(rows: &[(String, f64)]) -> String {
    const ROW: i32 = 24;
    const TOP: i32 = 30;
    const MIDDLE: i32 = 360;
    const REACH: i32 = 72;
    // What lies beyond ends there; the figure tells how far it is.
    const FAR: f64 = 2.0;
    draw((TOP + ROW * rows.len() as i32 + 6) as u32, |area| {
        write(area, "less is better:", (8, 12), HPos::Left)?;
        write(area, "won", (MIDDLE - 40, 12), HPos::Right)?;
        write(area, "1.0", (MIDDLE, 12), HPos::Center)?;
        write(area, "lost", (MIDDLE + 40, 12), HPos::Left)?;
        for (number, (name, ratio)) in rows.iter().enumerate() {
            let y = TOP + ROW * number as i32 + ROW / 2;
            let far = (ratio.log2() / FAR).clamp(-1.0, 1.0);
            let end = MIDDLE + (far * f64::from(REACH)).round() as i32;
            let colour = verdict(*ratio).colour();
            area.draw(&Rectangle::new(
                [(MIDDLE.min(end), y - 7), (MIDDLE.max(end), y + 7)],
                colour.filled(),
            ))?;
            write(area, name, (8, y), HPos::Left)?;
            let (beside, anchor) = if end < MIDDLE { (end - 5, HPos::Right) } else { (end + 5, HPos::Left) };
            write(area, &format!("{ratio:.2}"), (beside, y), anchor)?;
        }
        let bottom = TOP + ROW * rows.len() as i32;
        area.draw(&PathElement::new([(MIDDLE, TOP - 6), (MIDDLE, bottom)], BLACK.stroke_width(1)))?;
        Ok(())
    })
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Verdict {
    Won,
    Even,
    Lost,
}

impl Verdict {
    fn colour(self) -> RGBColor {
        match self {
            Verdict::Won => WON,
            Verdict::Even => EVEN,
            Verdict::Lost => LOST,
        }
    }
}

pub(crate) fn verdict(ratio: f64) -> Verdict {
    match ratio {
        ratio if ratio > 1.0 + NOISE => Verdict::Lost,
        ratio if ratio < 1.0 - NOISE => Verdict::Won,
        _ => Verdict::Even,
    }
}

fn write(area: &Drawing<'_>, text: &str, at: (i32, i32), anchor: HPos) -> Drawn {
    let style = TextStyle::from((FONT, SIZE).into_font()).pos(Pos::new(anchor, VPos::Center));
    area.draw_text(text, &style, at)?;
    Ok(())
}

fn draw(height: u32, content: impl FnOnce(&Drawing<'_>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        // Into memory it does not fail.
        content(&area).expect("drawn");
        area.present().expect("drawn");
    }
    svg
}
