//! What a hub refused, in the words of who typed: it names a field of the call where they gave an option.

use doorbell_client::CallError;
use doorbell_protocol::ErrorCode;

/// An error as `main` and lists print it.
pub(crate) fn told(error: &anyhow::Error) -> String {
    match error.downcast_ref::<CallError>() {
        Some(CallError::Refused(refusal)) if refusal.code == ErrorCode::TooLarge => {
            format!("this is more than a hub takes at once ({}); put a long command into a script", refusal.message)
        }
        Some(CallError::Refused(refusal)) => match refusal.field.as_deref().and_then(typed_as) {
            Some(typed) => format!("{typed}: {}", refusal.message),
            None => refusal.message.clone(),
        },
        _ => with_causes(error),
    }
}

/// The error and its causes, each once: many tell their cause themselves.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// What was typed for a field. Fields that nobody types are not named.
fn typed_as(field: &str) -> Option<&'static str> {
    Some(match field {
        "after" => "--after",
        "attempts" => "--retries",
        "command" => "the command",
        "cron" => "the fire times",
        "cwd" => "--cwd",
        "detail" => "--detail",
        "done" | "total" | "fraction" => "the figure",
        "env" => "--env",
        "expires_in_ms" => "the time limit",
        "host" => "--host",
        "key" => "--key",
        "label" | "labels" => "--label",
        "name" => "--name",
        "not_before" => "--at",
        "notify_after_ms" => "--notify-after",
        "parent" => "--parent",
        "person" => "--person",
        "priority" => "--priority",
        "prompt" => "the question",
        "choices" => "--choice",
        "roles" => "--role",
        "slots" => "--slots",
        "timezone" => "--timezone",
        "unit" => "--unit",
        "url" => "--url",
        "worker" => "--worker",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use doorbell_client::rest::RefusedCall;

    use super::*;

    #[test]
    fn a_refusal_names_what_was_typed() {
        let refused = |field: Option<&str>| {
            let refusal = RefusedCall {
                status: 422,
                code: ErrorCode::Invalid,
                message: "must be shorter".to_owned(),
                field: field.map(str::to_owned),
                expected_offset: None,
            };
            told(&CallError::from(refusal).into())
        };
        assert_eq!(refused(Some("not_before")), "--at: must be shorter");
        assert_eq!(refused(Some("command")), "the command: must be shorter");
        for nothing_typed in [None, Some("Authorization"), Some("fence")] {
            assert_eq!(refused(nothing_typed), "must be shorter");
        }
    }

    #[test]
    fn another_error_is_told_with_its_causes() {
        assert_eq!(told(&anyhow::anyhow!("no room").context("cannot keep it")), "cannot keep it: no room");
        assert_eq!(told(&anyhow::anyhow!("no room").context("cannot keep it (no room); make some")), "cannot keep it (no room); make some");
    }
}
