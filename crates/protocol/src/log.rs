//! A job's log: the bytes that its command prints, kept from its beginning and from its end.
//!
//! Bytes are Base64 on the wire, so they may be any, and a part may end within a character.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{Fence, omitted::is_default};

/// Query of `POST /v1/jobs/{id}/log`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogAppend {
    /// Where the bytes begin, counted in bytes from the start of the log.
    pub offset: u64,
    /// Of the lease.
    pub fence: Fence,
}

/// Query of `GET /v1/jobs/{id}/log`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogQuery {
    /// So many bytes from the end; everything that is kept when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u64>,
    /// Whether to answer with a stream that goes on until the job is over.
    #[serde(default, skip_serializing_if = "is_default")]
    pub follow: bool,
}

/// Answer to `POST /v1/jobs/{id}/log`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogEnd {
    /// Where the log goes on: the offset of the next chunk.
    pub end: u64,
}

/// Answer to `GET /v1/jobs/{id}/log` without `follow`: what is kept, from the offset that was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Log {
    /// In order. Where one does not begin at the end of the one before, `cuts` says so.
    pub parts: Vec<LogPart>,
    /// What was not kept of it, in order. Left out when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<LogCut>,
    /// Where the log goes on.
    pub end: u64,
}

/// Bytes of a log. In the stream the data of a `part`, whose id is the offset behind it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogPart {
    /// Of its first byte.
    pub offset: u64,
    /// At most 64 KiB.
    pub bytes: Base64,
}

/// A part of a log that was not kept. In the stream the data of a `cut`, whose id is the offset behind it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogCut {
    /// Of its first byte.
    pub offset: u64,
    /// How many bytes it had.
    pub length: u64,
}

/// One message of a log that is followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogMessage {
    /// Bytes that follow what was sent before.
    Part(LogPart),
    /// Bytes that are gone.
    Cut(LogCut),
    /// The job is over and all of its log was sent.
    End(LogEnd),
}

/// Bytes that are Base64 on the wire (RFC 4648, with padding).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Base64(pub Vec<u8>);

impl LogMessage {
    /// The SSE `event` field.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match self {
            Self::Part(_) => "part",
            Self::Cut(_) => "cut",
            Self::End(_) => "end",
        }
    }

    /// The SSE `id` field: the offset behind it, where the log goes on.
    #[must_use]
    pub fn end(&self) -> u64 {
        match self {
            Self::Part(part) => part.offset.saturating_add(part.bytes.0.len() as u64),
            Self::Cut(cut) => cut.offset.saturating_add(cut.length),
            Self::End(end) => end.end,
        }
    }

    /// Reads a message by its SSE `event` and `data` fields. `None` is a message of a later version, to be passed over.
    ///
    /// # Errors
    /// The data is not what the event's name promises.
    pub fn decode(event: &str, data: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(match event {
            "part" => Some(Self::Part(serde_json::from_str(data)?)),
            "cut" => Some(Self::Cut(serde_json::from_str(data)?)),
            "end" => Some(Self::End(serde_json::from_str(data)?)),
            _ => None,
        })
    }
}

impl Serialize for LogMessage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Part(part) => part.serialize(serializer),
            Self::Cut(cut) => cut.serialize(serializer),
            Self::End(end) => end.serialize(serializer),
        }
    }
}

impl Serialize for Base64 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_read_back_as_written() {
        let part = LogPart { offset: 7, bytes: Base64((0..=255).chain([0xc3]).collect()) };
        let json = serde_json::to_string(&part).unwrap();
        assert!(!json.contains('\n'));
        assert_eq!(serde_json::from_str::<LogPart>(&json).unwrap(), part);
    }

    #[test]
    fn a_message_is_read_by_its_name_and_ends_where_the_log_goes_on() {
        let part = LogMessage::Part(LogPart { offset: 7, bytes: Base64(vec![1, 2, 3]) });
        for (message, end) in [(part, 10), (LogMessage::Cut(LogCut { offset: 7, length: 5 }), 12), (LogMessage::End(LogEnd { end: 3 }), 3)]
        {
            let data = serde_json::to_string(&message).unwrap();
            assert_eq!(LogMessage::decode(message.event(), &data).unwrap().as_ref(), Some(&message));
            assert_eq!(message.end(), end);
        }
        assert_eq!(LogMessage::decode("colour", "{}").unwrap(), None);
    }
}
