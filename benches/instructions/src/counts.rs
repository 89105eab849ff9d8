//! What was counted.

use std::error::Error;

use instructions_bench::{Counted, arenas, regions};
use serde_json::Value;

/// Instructions of one operation of one contender.
pub(crate) struct Count {
    pub(crate) what: Counted,
    pub(crate) table: Table,
    /// An operation, the loop taken off.
    pub(crate) instructions: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Table {
    Arenas,
    Regions,
}

impl Table {
    pub(crate) const ALL: [Table; 2] = [Table::Arenas, Table::Regions];

    fn name(self) -> &'static str {
        match self {
            Table::Arenas => "arenas",
            Table::Regions => "regions",
        }
    }

    fn jobs(self) -> usize {
        match self {
            Table::Arenas => arenas::JOBS,
            Table::Regions => regions::JOBS,
        }
    }

    fn counted(self, number: usize) -> Option<Counted> {
        match self {
            Table::Arenas => arenas::counted(number),
            Table::Regions => regions::counted(number),
        }
    }
}

impl Count {
    /// All of both tables, from what the harness printed.
    pub(crate) fn all(lines: &str) -> Result<Vec<Count>, Box<dyn Error>> {
        let mut totals = Vec::new();
        for line in lines.lines().filter(|line| line.starts_with('{')) {
            let summary: Value = serde_json::from_str(line)?;
            let name = summary["function_name"].as_str().unwrap_or_default();
            let number = summary["id"].as_str().and_then(|id| id.strip_prefix("job_")?.parse::<usize>().ok());
            let total = &summary["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"];
            let (Some(number), Some(total)) = (number, total.as_u64()) else {
                return Err(format!("gungraun has changed what it prints: {line}").into());
            };
            totals.push((name.to_owned(), number, total));
        }
        let total = |table: Table, number: usize| {
            let found = totals.iter().find(|(name, at, _)| name == table.name() && *at == number);
            found.map(|(.., total)| *total).ok_or(format!("job {number} of {} was not counted", table.name()))
        };
        let mut counts = Vec::new();
        for table in Table::ALL {
            let loops: Vec<Counted> = (0..table.jobs())
                .map_while(|job| table.counted(job).filter(|job| job.who.is_empty()))
                .collect();
            for number in loops.len()..table.jobs() {
                let Some(what) = table.counted(number) else { continue };
                let over = total(table, number)?.saturating_sub(total(table, number % loops.len())?);
                let instructions = over as f64 / (what.calls * what.each) as f64;
                counts.push(Count { what, table, instructions });
            }
        }
        Ok(counts)
    }
}

/// The figures for other programs: a line each, its fields apart by tabs.
pub(crate) fn figures(counts: &[Count]) -> String {
    let line = |count: &Count| {
        let Counted { operation, who, .. } = count.what;
        format!("{}\t{operation}\t{who}\t{}\n", count.table.name(), count.instructions)
    };
    counts.iter().map(line).collect()
}

/// What is wrong: paths of ours above what `budgets` allows, or not in there; budgets of nothing.
pub(crate) fn over_budget(counts: &[Count], budgets: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut allowed = Vec::new();
    for line in budgets.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, budget) = line.rsplit_once(' ').ok_or(format!("no budget: {line}"))?;
        allowed.push((name.trim(), budget.parse::<f64>().map_err(|_| format!("not a number: {line}"))?));
    }
    let mut complaints = Vec::new();
    let ours = || counts.iter().filter(|count| count.what.ours);
    let name = |count: &Count| format!("{}: {}", count.what.who, count.what.operation);
    for count in ours() {
        match allowed.iter().find(|(allowed, _)| *allowed == name(count)) {
            None => complaints.push(format!("{} has no budget", name(count))),
            Some((_, budget)) if count.instructions > *budget + 0.05 => {
                complaints.push(format!(
                    "{} takes {:.1} instructions: {budget} are allowed",
                    name(count),
                    count.instructions
                ));
            }
            Some(_) => {}
        }
    }
    for (unknown, _) in allowed.iter().filter(|(allowed, _)| !ours().any(|count| name(count) == *allowed)) {
        complaints.push(format!("{unknown} has a budget and was not counted"));
    }
    Ok(complaints)
}
