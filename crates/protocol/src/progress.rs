//! How far a job is. The latest report wins; progress is never on the feed.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Timestamp, limits, text};

/// One report of how far a job is. Every part is optional: a job may know a share, a count, a step, or only what it does.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
pub struct Progress {
    /// Share that is done, 0 to 1. The hub works it out of `done` and `total`, or of the step, when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 1)))]
    pub fraction: Option<f64>,
    /// How many units are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = limits::COUNT)))]
    pub done: Option<u64>,
    /// How many units there are; at least `done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = limits::COUNT)))]
    pub total: Option<u64>,
    /// What is counted, as in `files`. At most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The step that is being done now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// What it does now, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the reporter saw it; the hub's clock when left out. An older report than the known one is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Step `index` of `count`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
pub struct Step {
    /// Counts from 1.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub index: u32,
    /// How many steps there are; at least `index`.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub count: u32,
    /// What the step does, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Progress {
    /// The report with its text cleaned and its fraction filled in.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn check(mut self) -> Result<Self, Invalid> {
        if let Some(fraction) = self.fraction
            && !(0.0..=1.0).contains(&fraction)
        {
            return Err(Invalid::new("fraction", "must be between 0 and 1"));
        }
        for (field, figure) in [("done", self.done), ("total", self.total)] {
            if figure.is_some_and(|figure| figure > limits::COUNT) {
                return Err(Invalid::new(field, format!("must be at most {}", limits::COUNT)));
            }
        }
        if let (Some(done), Some(total)) = (self.done, self.total)
            && done > total
        {
            return Err(Invalid::new("done", "must not be larger than total"));
        }
        if let Some(step) = &mut self.step {
            if step.index == 0 || step.index > step.count {
                return Err(Invalid::new("step", "index counts from 1 and must not be larger than count"));
            }
            step.label = step.label.take().map(|label| text::clean_cut(&label, limits::MESSAGE_CHARS));
        }
        self.unit = self.unit.map(|unit| text::clean_cut(&unit, limits::UNIT_CHARS)).filter(|unit| !unit.is_empty());
        self.message = self.message.map(|message| text::clean_cut(&message, limits::MESSAGE_CHARS)).filter(|message| !message.is_empty());
        self.fraction = self.fraction.or_else(|| self.derived_fraction());
        Ok(self)
    }

    /// The report of a job that has succeeded: all of it is done.
    #[must_use]
    pub fn completed(self) -> Self {
        Self { fraction: self.fraction.map(|_| 1.0), done: self.total.or(self.done), ..self }
    }

    /// Share that the counts speak of, else the steps. A step that is being done is not done yet.
    #[expect(clippy::cast_precision_loss, reason = "a share of a bar needs no 53 bits")]
    fn derived_fraction(&self) -> Option<f64> {
        match (self.done, self.total, &self.step) {
            (Some(done), Some(total), _) if total > 0 => Some(done as f64 / total as f64),
            (_, _, Some(step)) => Some(f64::from(step.index - 1) / f64::from(step.count)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_follows_from_counts_then_from_steps() {
        let step = Some(Step { index: 3, count: 8, label: None });
        let counts = Progress { done: Some(1), total: Some(4), step: step.clone(), ..Progress::default() };
        assert_eq!(counts.check().unwrap().fraction, Some(0.25));
        assert_eq!(Progress { step, ..Progress::default() }.check().unwrap().fraction, Some(0.25));
        let nothing = Progress { total: Some(0), done: Some(0), ..Progress::default() };
        assert_eq!(nothing.check().unwrap().fraction, None);
    }

    #[test]
    fn figures_out_of_range_are_refused_by_name() {
        let field = |progress: Progress| progress.check().unwrap_err().field;
        assert_eq!(field(Progress { fraction: Some(1.01), ..Progress::default() }), "fraction");
        assert_eq!(field(Progress { fraction: Some(f64::NAN), ..Progress::default() }), "fraction");
        assert_eq!(field(Progress { done: Some(5), total: Some(4), ..Progress::default() }), "done");
        assert_eq!(field(Progress { total: Some(u64::MAX), ..Progress::default() }), "total");
        for (index, count) in [(0, 8), (9, 8)] {
            let step = Some(Step { index, count, label: None });
            assert_eq!(field(Progress { step, ..Progress::default() }), "step");
        }
    }
}
