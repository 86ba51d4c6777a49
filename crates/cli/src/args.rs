//! What can be typed before a verb: nothing but help and version. Each verb's file says what may follow it.

use clap::Parser;

use crate::verbs::Verb;

const ENVIRONMENT: &str = "\
Environment:
  DOORBELL_URL            address of the hub, as in http://127.0.0.1:7117; otherwise the running hub is found by its hub.json
  DOORBELL_TOKEN          the hub's token, or
  DOORBELL_TOKEN_FILE     a file that holds it; otherwise the file `token` in the hub's data folder
  DOORBELL_INSECURE_HTTP  1 lets the token go to another machine without TLS
  DOORBELL_DATA_DIR       folder of the database and the token
  DOORBELL_CONFIG_DIR     folder of the settings
  DOORBELL_JOB            the job that a command runs as; `doorbell run` and workers set it
  DOORBELL_JOB_SECRET     by which the command reports for it, with any token; set beside it
  DOORBELL_LOG            what to log to standard error, as in `debug` or `doorbell_runner=debug`
  DOORBELL_LOG_FORMAT     how: `text`, or `json` for one object a line
  NO_COLOR                no colours";

/// Rings once when a long-running job starts, once when it ends, and shows its progress in between.
#[derive(Debug, Parser)]
#[command(name = "doorbell", version, after_help = ENVIRONMENT, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    fn command_of(line: &[&str]) -> Vec<OsString> {
        let args = Args::try_parse_from([&["doorbell", "run"], line].concat()).unwrap();
        let Verb::Run(run) = args.verb else { panic!("{args:?}") };
        run.command
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn everything_after_the_command_is_the_commands() {
        for line in [&["--", "ls", "--name", "x"][..], &["ls", "--name", "x"], &["--name", "n", "ls", "--name", "x"]] {
            assert_eq!(command_of(line), ["ls", "--name", "x"], "{line:?}");
        }
        assert_eq!(command_of(&["--", "--odd-program"]), ["--odd-program"]);
    }

    #[test]
    fn a_typo_is_not_taken_for_a_command() {
        let error = Args::try_parse_from(["doorbell", "run", "--nmae", "x", "--", "ls"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
        assert!(error.to_string().contains("--name"), "{error}");
        assert!(Args::try_parse_from(["doorbell", "statsu"]).unwrap_err().to_string().contains("status"));
    }
}
