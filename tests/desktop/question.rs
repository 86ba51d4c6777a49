//! A question: the tray says first that a job waits, and it all goes when somebody has answered, wherever that was.

use anyhow::Result;
use doorbell_tests::desktop::{
    App, Notifications, VirtualDesktop,
    app::{IDLE, binary},
    wait::{self, SOON},
};

const WAITS: &str = "1 job waits for your answer";

#[tokio::test]
async fn a_question_shows_first_rings_and_goes_when_it_is_answered_elsewhere() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    let idle = app.tray.icon().await?;

    let doorbell = binary("doorbell")?;
    let script = format!("{} ask 'Deploy to production?' --choice yes --choice no", doorbell.display());
    let mut job = desktop.doorbell(&["run", "--name", "deploy", "--", "sh", "-c", &script])?;
    assert_ne!(app.tray.icon_while(WAITS, SOON).await?, idle);
    let menu = app.tray.menu().await?;
    assert!(menu[0].enabled, "it opens the panel: {menu:?}");
    assert_eq!(menu[1].label, "1 job running");
    assert_eq!(app.tray.tooltip().await?.1, format!("Doorbell · {WAITS} · 1 job running"));
    let rung = notifications.at_least(2, SOON).await?;
    assert_eq!((rung[1].summary.as_str(), rung[1].body.as_str()), ("deploy wants an answer", "Deploy to production?"));
    assert_eq!(rung[1].replaces, 0, "its start still stands");

    let mut answer = desktop.doorbell(&["answer", "deploy", "yes"])?;
    assert!(answer.ended(SOON).await?.success());
    notifications.until_taken_back("deploy wants an answer", SOON).await?;
    assert!(job.ended(SOON).await?.success(), "the first choice is the answer");
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);
    assert_eq!(app.tray.tooltip().await?.1, format!("Doorbell · {IDLE}"));

    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(
        all.iter().map(|ring| ring.summary.as_str()).collect::<Vec<_>>(),
        ["deploy started", "deploy wants an answer", "deploy succeeded"]
    );
    assert_eq!((Some(all[2].replaces), &all[2].sender), (all[0].id, &all[0].sender), "the end takes the place of the start");
    Ok(())
}

#[tokio::test]
async fn who_chooses_the_line_about_questions_sees_the_panel() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    let script = format!("{} ask 'Which tag?' --text", binary("doorbell")?.display());
    let _job = desktop.doorbell(&["run", "--name", "release", "--", "sh", "-c", &script])?;
    app.tray.icon_while(WAITS, SOON).await?;
    app.tray.choose(WAITS).await?;
    app.panel(&desktop).await?;
    wait::until("the line is still there", SOON, async || Ok(app.tray.menu().await?[0].label == WAITS)).await
}
