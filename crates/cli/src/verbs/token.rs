//! `doorbell token create`, `ls`, `rotate` and `rm`

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::bail;
use clap::Subcommand;
use doorbell_client::Client;
use doorbell_protocol::{
    Role, TokenId,
    token::{NewToken, Token, TokenList},
};

use crate::{
    context::{Context, Run},
    duration, job_lookup, name,
    output::{NO_IDS, OutputMode, print_json},
};

/// Make, list and remove tokens for others
///
/// The file `token` in the hub's data folder may do everything and is for its owner alone. Whoever else is to reach the hub gets
/// a token of their own, good for no more than they need.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
enum TokenVerb {
    /// Make a token, and print its secret, which is told this once
    Create(TokenCreate),
    /// Show every token, without its secret
    Ls {
        /// Print one JSON object: {"tokens": [token…]}
        #[arg(long)]
        json: bool,
    },
    /// Give the hub's own token a new secret, in the same file; the old one lets nobody in
    ///
    /// What runs goes on. Whoever was given the old one in DOORBELL_TOKEN needs the new one.
    Rotate,
    /// Remove a token: it lets nobody in from then on
    Rm {
        /// Its name or its id; of an id the last four characters are enough
        token: String,
    },
}

#[derive(Debug, clap::Args)]
struct TokenCreate {
    /// What it is good for. Repeat it for several
    ///
    /// view: read, and change nothing. report: tell of jobs that its holder runs. work: claim queued jobs. answer: answer questions,
    /// cancel jobs, and all of view. admin: everything.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<Role>,

    /// What people call it, as in 'ci on build-7' [default: its roles]
    #[arg(long, value_parser = name::parse)]
    name: Option<String>,

    /// Whose it is: answers, cancels and retries are told under this name [default: the token's name]
    #[arg(long, value_parser = name::parse)]
    person: Option<String>,

    /// With --role work: the host that its workers are on, as `doorbell worker ls` shows it
    #[arg(long, value_parser = name::parse)]
    host: Option<String>,

    /// With --role work: the name that its workers have (`doorbell worker --name`)
    #[arg(long, value_parser = name::parse, value_name = "NAME")]
    worker: Option<String>,

    /// How long it is good, as in 12h or 90m [default: until it is removed]
    #[arg(long, value_parser = duration::parse_positive, value_name = "DURATION")]
    expires_in: Option<Duration>,

    /// Print the hub's answer: {"token": {…}, "secret": "…"}
    #[arg(long)]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        match self.verb {
            TokenVerb::Create(create) => create.run(context)?,
            TokenVerb::Ls { json } => {
                let tokens = context.call(async |client| Ok(client.tokens().await?))?;
                list(TokenList { tokens }, OutputMode::of_json(json))?;
            }
            TokenVerb::Rotate => {
                context.call(async |client| Ok(client.rotate_owner_token().await?))?;
                eprintln!("The hub's own token has a new secret, in the file `token` of its data folder. What runs goes on.");
                eprintln!("Whoever was given the old one in DOORBELL_TOKEN needs the new one.");
            }
            TokenVerb::Rm { token } => context.call(async |client| {
                let id = the_one(client, &token).await?;
                Ok(client.delete_token(id).await?)
            })?,
        }
        Ok(0)
    }
}

impl TokenCreate {
    /// Only the secret goes to standard output, so that it can be piped to where it is needed.
    fn run(self, context: &Context) -> anyhow::Result<()> {
        let works = self.roles.contains(&Role::Work) && !self.roles.contains(&Role::Admin);
        if works && self.host.is_none() && self.worker.is_none() {
            bail!("--role work needs --host or --worker: the host that its workers are on, or the name that they have.");
        }
        let name = self.name.unwrap_or_else(|| words(&self.roles));
        let expires_in_ms = self.expires_in.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let new = NewToken { name, roles: self.roles, person: self.person, host: self.host, worker: self.worker, expires_in_ms };
        let created = context.call(async |client| Ok(client.create_token(&new).await?))?;
        if self.json {
            return print_json(&created);
        }
        eprintln!("Token {} ({}). Its secret is shown this once; set DOORBELL_TOKEN to it:", created.token.id, words(&created.token.roles));
        Ok(writeln!(io::stdout(), "{}", created.secret)?)
    }
}

fn list(list: TokenList, output: OutputMode) -> anyhow::Result<()> {
    output.print(&list, NO_IDS, |out| {
        if list.tokens.is_empty() {
            writeln!(out, "No tokens but the hub's own. Make one with `doorbell token create --role report`.")?;
        }
        for token in &list.tokens {
            let until = token.expires_at.map(|at| format!("until {at}"));
            let person = token.person.as_ref().map(|person| format!("of {person}"));
            let more: String = [person, works(token), until].into_iter().flatten().map(|fact| format!("  {fact}")).collect();
            writeln!(out, "{}  {:<20}  {}{more}", token.id, words(&token.roles), token.name)?;
        }
        Ok(())
    })
}

/// Where a worker must be that uses the token. Tokens of before may be used anywhere.
fn works(token: &Token) -> Option<String> {
    let is_for_workers = token.roles.contains(&Role::Work) && !token.roles.contains(&Role::Admin);
    match (&token.worker, &token.host) {
        (Some(worker), Some(host)) => Some(format!("worker {worker} on {host}")),
        (Some(worker), None) => Some(format!("worker {worker} on any host")),
        (None, Some(host)) => Some(format!("on {host}")),
        (None, None) => is_for_workers.then(|| "on any host".to_owned()),
    }
}

async fn the_one(client: &Client, asked: &str) -> anyhow::Result<TokenId> {
    let mut tokens = client.tokens().await?;
    tokens.retain(|token| token.name == asked || job_lookup::is_part_of_id(asked, token.id.0));
    match tokens.as_slice() {
        [] => bail!("No token is called {asked:?}. `doorbell token ls` shows them."),
        [token] => Ok(token.id),
        _ => {
            let fitting: Vec<_> = tokens.iter().map(|token| (token.id.0, token.name.as_str())).collect();
            Err(job_lookup::unclear(asked, "tokens", &fitting))
        }
    }
}

fn words(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",")
}
