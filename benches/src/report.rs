//! The figures: a table for people and a file for programs.

use std::{fmt, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;

#[derive(Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// What the project aims at, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<String>,
}

impl Report {
    pub(crate) fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit, aim: None });
    }

    pub(crate) fn add_with_aim(&mut self, what: impl Into<String>, value: f64, unit: &'static str, aim: impl Into<String>) {
        self.figures.push(Figure { what: what.into(), value, unit, aim: Some(aim.into()) });
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, serde_json::to_vec_pretty(self)?).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or(0);
        for Figure { what, value, unit, aim } in &self.figures {
            let digits = if value.abs() < 1_000.0 { 2 } else { 0 };
            write!(f, "{what:width$}  {value:>10.digits$} {unit:<9}")?;
            writeln!(f, "{}", aim.as_ref().map(|aim| format!("  aim: {aim}")).unwrap_or_default())?;
        }
        Ok(())
    }
}
