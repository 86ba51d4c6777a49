//! Which workers a token is for. Pure.

use doorbell_protocol::worker::Worker;

/// The host that the workers of a token are on, and the name that they have. One that says neither is for every worker.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Binding {
    pub(crate) host: Option<String>,
    pub(crate) worker: Option<String>,
}

/// A worker that a token is not for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mismatch {
    /// Which of its fields is another one: `host` or `name`.
    pub(crate) field: &'static str,
    /// What the token is for.
    pub(crate) bound_to: String,
}

impl Binding {
    /// Refuses a worker of this name on this host, unless the token is for it.
    pub(crate) fn check(&self, name: &str, host: &str) -> Result<(), Mismatch> {
        let mismatch = |field, bound_to: &str| Err(Mismatch { field, bound_to: bound_to.to_owned() });
        match (&self.host, &self.worker) {
            (Some(bound), _) if !bound.eq_ignore_ascii_case(host) => mismatch("host", bound),
            (_, Some(bound)) if bound != name => mismatch("name", bound),
            _ => Ok(()),
        }
    }

    /// Whether a job that names `wanted`, a host or a worker, is for `worker`. A worker is free to say what its token leaves open: by that it
    /// gets nothing that is meant for somebody else.
    pub(crate) fn is_meant(&self, worker: &Worker, wanted: &str) -> bool {
        let is_open = self.host.is_none() && self.worker.is_none();
        // Host names know no case.
        let is_host = (is_open || self.host.is_some()) && worker.host.eq_ignore_ascii_case(wanted);
        is_host || ((is_open || self.worker.is_some()) && worker.name == wanted)
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::WorkerId;
    use uuid::Uuid;

    use super::*;

    fn binding(host: Option<&str>, worker: Option<&str>) -> Binding {
        Binding { host: host.map(str::to_owned), worker: worker.map(str::to_owned) }
    }

    #[test]
    fn a_token_is_for_workers_on_its_host_and_of_its_name() {
        let field = |binding: Binding, name, host| binding.check(name, host).map_err(|mismatch| mismatch.field);
        assert_eq!(field(binding(None, None), "w", "h"), Ok(()));
        assert_eq!(field(binding(Some("H"), None), "w", "h"), Ok(()));
        assert_eq!(field(binding(Some("nas"), None), "nas", "h"), Err("host"));
        assert_eq!(field(binding(None, Some("w")), "w", "h"), Ok(()));
        assert_eq!(field(binding(None, Some("W")), "w", "W"), Err("name"));
        assert_eq!(field(binding(Some("h"), Some("v")), "w", "h"), Err("name"));
        assert_eq!(field(binding(Some("g"), Some("v")), "w", "h"), Err("host"));
    }

    #[test]
    fn what_a_token_leaves_open_gets_no_job_that_is_meant_for_somebody_else() {
        let worker = Worker { id: WorkerId(Uuid::nil()), name: "w".to_owned(), host: "h".to_owned(), slots: 1 };
        let meant = |binding: Binding| ["h", "H", "w", "W", "other"].map(|wanted| binding.is_meant(&worker, wanted));
        assert_eq!(meant(binding(None, None)), [true, true, true, false, false]);
        assert_eq!(meant(binding(Some("h"), None)), [true, true, false, false, false]);
        assert_eq!(meant(binding(None, Some("w"))), [false, false, true, false, false]);
        assert_eq!(meant(binding(Some("h"), Some("w"))), [true, true, true, false, false]);
    }
}
