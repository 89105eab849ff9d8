//! The picture, readable on a light page and on a dark one.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::{POINTS, Point, Series};

const SIZE: (u32, u32) = (880, 380);
const MIB: f64 = (1 << 20) as f64;

/// Of middling brightness, and told apart also by those who see few colours.
const COLOURS: [RGBColor; 4] =
    [RGBColor(213, 94, 0), RGBColor(0, 140, 200), RGBColor(128, 128, 128), RGBColor(0, 158, 115)];

/// Rules for text and axes win over the attributes that the library writes; the page is transparent.
const STYLE: &str = "<style>text{fill:#24292f;stroke:none;font-family:sans-serif}\
    polyline[stroke=\"#000000\"],line[stroke=\"#000000\"]{stroke:#57606a}\
    @media(prefers-color-scheme:dark){text{fill:#d0d7de}\
    polyline[stroke=\"#000000\"],line[stroke=\"#000000\"]{stroke:#8b949e}}</style>";

type Drawing<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The picture as SVG: time on the left, memory on the right, against the size of the vector.
pub(crate) fn draw(series: &[Series], bytes: usize) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let (left, right) = area.split_horizontally(SIZE.0 / 2);
        panel(&left, series, bytes, "seconds since it was empty", |point| point.seconds).expect("drawn");
        panel(&right, series, bytes, "MiB in memory", |point| point.resident / MIB).expect("drawn");
        area.present().expect("drawn");
    }
    // Behind the opening tag.
    let behind = svg.find("<svg").and_then(|tag| Some(tag + svg[tag..].find('>')? + 1)).expect("a picture");
    svg.insert_str(behind, STYLE);
    svg
}

fn panel(
    area: &Drawing<'_>,
    series: &[Series],
    bytes: usize,
    caption: &str,
    value: fn(&Point) -> f64,
) -> Result<(), Box<dyn Error>> {
    let width = bytes as f64 / MIB;
    let values = series.iter().flat_map(|series| series.points.iter().map(value));
    let height = values.fold(f64::MIN_POSITIVE, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(38)
        .y_label_area_size(46)
        .caption(caption, ("sans-serif", 16))
        .build_cartesian_2d(0.0..width, 0.0..height)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc("MiB in the vector")
        .x_labels(5)
        .y_labels(6)
        .x_label_formatter(&|mib| format!("{mib:.0}"))
        .y_label_formatter(&|value| match height {
            ..1.0 => format!("{value:.2}"),
            ..10.0 => format!("{value:.1}"),
            _ => format!("{value:.0}"),
        })
        .label_style(("sans-serif", 13))
        .draw()?;
    // Every other one wider: two that run the same way are both seen.
    for ((series, colour), width_of_line) in series.iter().zip(COLOURS).zip([5, 2].into_iter().cycle()) {
        let line = series.points.iter().enumerate().map(|(at, point)| {
            let x = width * at as f64 / POINTS as f64;
            (x, value(point))
        });
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(width_of_line)))?
            .label(series.name)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(width_of_line))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}
