//! Figures that other programs have written down: a line each, its fields apart by tabs.

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(crate) table: String,
    pub(crate) row: String,
    pub(crate) who: String,
    pub(crate) value: f64,
}

/// Those of one bench.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

impl Figures {
    /// The lines of a file. One that is no figure is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let figure = |line: &str| {
            let mut fields = line.split('\t');
            let mut field = || fields.next().map(str::to_owned);
            let (table, row, who) = (field()?, field()?, field()?);
            let value = field()?.parse::<f64>().ok().filter(|value| value.is_finite())?;
            Some(Figure { table, row, who, value })
        };
        Figures(text.lines().filter_map(figure).collect())
    }

    fn of(&self, table: &str) -> impl Iterator<Item = &Figure> {
        self.0.iter().filter(move |figure| figure.table == table)
    }

    pub(crate) fn get(&self, table: &str, row: &str, who: &str) -> Option<f64> {
        self.of(table).find(|figure| figure.row == row && figure.who == who).map(|figure| figure.value)
    }

    /// The rows of a table, in the order in which they come.
    pub(crate) fn rows(&self, table: &str) -> Vec<&str> {
        distinct(self.of(table).map(|figure| figure.row.as_str()))
    }

    /// Who is in a table, in the order in which they come.
    pub(crate) fn who(&self, table: &str) -> Vec<&str> {
        distinct(self.of(table).map(|figure| figure.who.as_str()))
    }

    /// The least of some contenders, and whose it is.
    pub(crate) fn best<'f>(
        &'f self,
        table: &str,
        row: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<(&'f str, f64)> {
        let them =
            self.0.iter().filter(|figure| figure.table == table && figure.row == row && wanted(&figure.who));
        let best = them.min_by(|one, other| one.value.total_cmp(&other.value))?;
        Some((&best.who, best.value))
    }

    /// A line on a chart: rows are numbers.
    pub(crate) fn line(&self, table: &str, who: &str) -> Vec<(f64, f64)> {
        let of_who = self.of(table).filter(|figure| figure.who == who);
        of_who.filter_map(|figure| Some((figure.row.parse().ok()?, figure.value))).collect()
    }
}

fn distinct<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
