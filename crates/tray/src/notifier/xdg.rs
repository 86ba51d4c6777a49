//! The freedesktop notification service. It may lack actions, markup or persistence, and it may not be there
//! at all.

use doorbell_desk::{About, Notification, Tone};
use notify_rust::{Hint, Image, NotificationHandle, Urgency};
use tiny_skia::{FilterQuality, Pixmap, PixmapPaint, Transform};
use tokio::task::spawn_blocking;

use super::kept::Kept;
use crate::badge;

/// Side of the icon in a notification, in pixels.
const ICON: u32 = 64;

pub(crate) struct Service {
    icon: Option<Image>,
    /// Whether the body is read as markup; unknown before the first notification.
    markup: Option<bool>,
    /// GNOME takes a banner down when the connection that sent it goes.
    shown: Kept<NotificationHandle>,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self { icon: icon(), markup: None, shown: Kept::default() }
    }

    pub(crate) async fn show(&mut self, notification: &Notification) -> Result<(), notify_rust::error::Error> {
        let mut native = notify_rust::Notification::new();
        native.appname("Doorbell").summary(&notification.summary).hint(Hint::DesktopEntry("doorbell".to_owned()));
        if let Some(icon) = &self.icon {
            native.image_data(icon.clone());
        }
        native.urgency(if notification.tone == Tone::Quiet { Urgency::Low } else { Urgency::Normal });
        native.body(&self.body(&notification.body).await);
        let handle = match self.shown.take(&notification.about) {
            Some(before) => replace(before, native).await?,
            None => native.show_async().await?,
        };
        self.shown.keep(notification.about.clone(), handle);
        Ok(())
    }

    /// Closes the notification about this, if it is still known. One that is closed already stays so.
    pub(crate) async fn retract(&mut self, about: &About) {
        if let Some(handle) = self.shown.take(about) {
            handle.close_async().await;
        }
    }

    /// The body with its plain text kept plain.
    async fn body(&mut self, text: &str) -> String {
        let markup = match self.markup {
            Some(markup) => markup,
            None => {
                let capabilities = spawn_blocking(|| {
                    // Asked for here, because the crate asks for it when it first sends an image: blocking,
                    // within a task.
                    let _version = *notify_rust::SPEC_VERSION;
                    notify_rust::get_capabilities()
                })
                .await;
                let capabilities = capabilities.ok().and_then(Result::ok);
                self.markup = capabilities.as_ref().map(|list| list.iter().any(|capability| capability == "body-markup"));
                self.markup.unwrap_or(false)
            }
        };
        if markup { escape(text) } else { text.to_owned() }
    }
}

/// Puts `native` in the place of what rang before, over the same connection: GNOME takes it over no other. Where that fails, it is
/// shown beside it.
async fn replace(
    mut before: NotificationHandle,
    native: notify_rust::Notification,
) -> Result<NotificationHandle, notify_rust::error::Error> {
    let replacement = native.clone();
    let replaced = spawn_blocking(move || {
        *before = replacement;
        before.update().map(|()| before)
    });
    match replaced.await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(_)) | Err(_) => native.show_async().await,
    }
}

/// The app's icon as pixels: its name means nothing to a desktop where the app is not installed.
fn icon() -> Option<Image> {
    let full = Pixmap::decode_png(include_bytes!("../../../../icons/128x128.png")).ok()?;
    let mut icon = Pixmap::new(ICON, ICON)?;
    #[expect(clippy::cast_precision_loss, reason = "icons are small")]
    let scale = Transform::from_scale(ICON as f32 / full.width() as f32, ICON as f32 / full.height() as f32);
    let smooth = PixmapPaint { quality: FilterQuality::Bicubic, ..PixmapPaint::default() };
    icon.draw_pixmap(0, 0, full.as_ref(), &smooth, scale, None);
    let side = i32::try_from(ICON).ok()?;
    Image::from_rgba(side, side, badge::straight(&icon)).ok()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_the_text_is_text() {
        assert_eq!(escape("<b>a && b</b>"), "&lt;b&gt;a &amp;&amp; b&lt;/b&gt;");
    }
}
