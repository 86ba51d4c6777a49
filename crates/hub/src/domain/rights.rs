//! Who somebody is to the jobs of this hub, and which of them are open to them. Pure.
//!
//! A job is of whoever created it, and its run of whoever started or claimed it. Both are remembered by the id of their token, which
//! nobody can claim to be without its secret.

use doorbell_protocol::{TokenId, run_secret::RunSecretHash};
use serde::{Deserialize, Serialize};

/// Who something belongs to. Kept as the id of the token, or as nothing for the owner of the data folder, to whom everything
/// belongs that was kept before anybody wrote this down.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Option<TokenId>", into = "Option<TokenId>")]
pub(crate) enum Principal {
    /// Who can read the data folder.
    #[default]
    Owner,
    /// Who holds this token, also when it is removed by now.
    Token(TokenId),
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor {
    pub(crate) who: Principal,
    pub(crate) reach: Reach,
    /// The hash of the secret of a run that they show, whichever that is.
    pub(crate) run_secret: Option<RunSecretHash>,
}

/// Which jobs are open to somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    /// Their own.
    Own,
    /// All to look at, their own to report for.
    SeesAll,
    /// All, for everything.
    All,
}

impl Actor {
    /// The owner of the data folder.
    #[cfg(test)]
    pub(crate) const OWNER: Self = Self { who: Principal::Owner, reach: Reach::All, run_secret: None };

    /// Who shows the secret of a run with this hash as well.
    pub(crate) fn showing(self, run_secret: Option<RunSecretHash>) -> Self {
        Self { run_secret, ..self }
    }

    /// Whether they show the secret of this hash. How long it takes tells nothing: who guesses cannot choose the bits of a hash.
    pub(crate) fn shows(self, hash: RunSecretHash) -> bool {
        self.run_secret == Some(hash)
    }

    /// The token whose jobs are all that they see, unless they see all jobs.
    pub(crate) fn sees_only(self) -> Option<TokenId> {
        match self.reach {
            Reach::Own => self.who.into(),
            Reach::SeesAll | Reach::All => None,
        }
    }

    /// Whether they may act as `principal`.
    pub(crate) fn may_act_as(self, principal: Principal) -> bool {
        self.reach == Reach::All || self.who == principal
    }
}

impl Principal {
    /// Whether it is the owner of the data folder, who is not written down.
    pub(crate) fn is_owner(&self) -> bool {
        *self == Self::Owner
    }
}

impl From<Option<TokenId>> for Principal {
    fn from(token: Option<TokenId>) -> Self {
        token.map_or(Self::Owner, Self::Token)
    }
}

impl From<Principal> for Option<TokenId> {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Owner => None,
            Principal::Token(id) => Some(id),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    /// The holder of the `n`th token.
    pub(crate) fn token(n: u128, reach: Reach) -> Actor {
        Actor { who: Principal::Token(TokenId(Uuid::from_u128(n))), reach, run_secret: None }
    }

    #[test]
    fn nobody_acts_as_another_but_who_may_do_everything() {
        let (mine, other, admin) = (token(1, Reach::Own), token(2, Reach::SeesAll), token(3, Reach::All));
        for (actor, as_mine, as_owner) in [(mine, true, false), (other, false, false), (admin, true, true), (Actor::OWNER, true, true)] {
            assert_eq!((actor.may_act_as(mine.who), actor.may_act_as(Principal::Owner)), (as_mine, as_owner), "{actor:?}");
        }
    }
}
