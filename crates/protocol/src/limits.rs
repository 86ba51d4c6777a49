//! The bounds that clients have to keep to or may count on, in one place. Characters are Unicode scalar values. What only a
//! hub has to know is in the hub.

use std::time::Duration;

/// Longest name of a job or worker, in characters. The shortest is 1.
pub const NAME_CHARS: usize = 200;
/// Longest key, in characters.
pub const KEY_CHARS: usize = 200;
/// Longest progress message or step label, in characters; longer text is cut.
pub const MESSAGE_CHARS: usize = 500;
/// Longest reason of a failure, in characters; longer text is cut.
pub const FAILURE_CHARS: usize = 500;
/// Longest unit of a progress figure, in characters; longer text is cut.
pub const UNIT_CHARS: usize = 20;
/// Longest prompt of a question, in characters. The shortest is 1.
pub const PROMPT_CHARS: usize = 500;
/// Longest detail of a question, in characters, line breaks among them.
pub const DETAIL_CHARS: usize = 4_000;
/// Longest answer in free text, in characters, line breaks among them. The shortest is 1.
pub const ANSWER_CHARS: usize = 4_000;
/// Most choices of a question. The fewest are 1, or 0 when it takes free text.
pub const CHOICES: usize = 8;
/// Longest id of a choice, in characters. The shortest is 1.
pub const CHOICE_ID_CHARS: usize = 40;
/// Longest label of a choice, in characters. The shortest is 1.
pub const CHOICE_LABEL_CHARS: usize = 80;
/// Longest `by` and `from` of an answer, in characters; longer text is cut.
pub const ANSWERER_CHARS: usize = 200;
/// Shortest time that a question may be open before it expires.
pub const EXPIRY_SHORTEST: Duration = Duration::from_secs(1);
/// Longest time that a question may be open before it expires, when it expires at all.
pub const EXPIRY_LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most questions of one job that are open at once.
pub const QUESTIONS_OPEN: u32 = 16;
/// Longest host, user or working directory of an origin, in characters; longer text is cut.
pub const ORIGIN_CHARS: usize = 1_000;
/// Longest command of an origin, in characters over all its arguments; what comes after is cut.
pub const ORIGIN_COMMAND_CHARS: usize = 2_000;
/// Most arguments of a command that is queued, the program among them.
pub const COMMAND_ARGS: usize = 1_000;
/// Most environment variables of a queued job.
pub const ENV_VARS: usize = 200;
/// Most labels of one job.
pub const LABELS: usize = 16;
/// Longest name of a label, in characters. The shortest is 1.
pub const LABEL_NAME_CHARS: usize = 40;
/// Longest value of a label, in characters.
pub const LABEL_CHARS: usize = 200;
/// Longest address of a job's page, in characters.
pub const URL_CHARS: usize = 2_000;
/// Most jobs that one job waits for.
pub const AFTER_JOBS: usize = 100;
/// Most attempts of one job.
pub const ATTEMPTS: u32 = 10;
/// Longest cron expression or name of a time zone, in characters.
pub const CRON_CHARS: usize = 200;
/// Largest `done`, `total`, step index or step count: the largest integer that JSON numbers keep exact.
pub const COUNT: u64 = (1 << 53) - 1;
/// Most jobs or questions in one page of a list.
pub const PAGE_JOBS: usize = 200;
/// Most bytes that the running jobs, or the open questions, of one answer or snapshot take. Both fit what a client of the
/// feed takes as one block.
pub const LIST_BYTES: usize = 1536 * 1024;
/// Jobs or questions in a page when the call names no limit.
pub const PAGE_JOBS_DEFAULT: usize = 50;
/// Largest request body, in bytes, of a call that has no smaller bound.
pub const BODY_BYTES: usize = 64 * 1024;
/// Largest chunk that is appended to a log at once, in bytes.
pub const LOG_CHUNK_BYTES: usize = 256 * 1024;
/// Bytes from a log's beginning that are kept.
pub const LOG_HEAD_BYTES: u64 = 64 * 1024;
/// Bytes from a log's end that are kept.
pub const LOG_TAIL_BYTES: u64 = 1024 * 1024;
/// Most bytes in one part of a log that is read.
pub const LOG_PART_BYTES: usize = 64 * 1024;
/// Largest body of a call that only reports, claims or renews, in bytes.
pub const REPORT_BYTES: usize = 16 * 1024;
/// Largest body that hands over the key of a link, in bytes: it comes without a token.
pub const BROWSER_KEY_BYTES: usize = 1024;
/// Longest time for a body to come.
pub const BODY: Duration = Duration::from_secs(10);
/// Most slots of one worker.
pub const SLOTS: u32 = 1_000;
/// Longest wait of a long poll.
pub const WAIT: Duration = Duration::from_secs(60);
/// Longest duration of a test job.
pub const TEST_JOB_DURATION: Duration = Duration::from_secs(60 * 60);
/// Steps of a test job.
pub const TEST_JOB_STEPS: u32 = 8;
/// Longest silence on a stream of events: then, or sooner, the hub sends a keepalive comment.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
