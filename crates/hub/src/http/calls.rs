//! The router, made of the table of routes: each call with who may make it and how large its body may be.

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    middleware,
    routing::{MethodFilter, on},
};
use doorbell_protocol::routes::{Access, Method, Route};

use super::{auth, body, context::Context};

/// The calls that are served. A call that is not in the table cannot be added.
pub(super) struct Calls {
    context: Arc<Context>,
    router: Router<Arc<Context>>,
}

impl Calls {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, router: Router::new() }
    }

    /// Serves `route` by `handler`, for whom the table lets in.
    pub(super) fn on<Id, Query, Body, Answer, H, T>(self, route: &Route<Id, Query, Body, Answer>, handler: H) -> Self
    where
        H: Handler<T, Arc<Context>>,
        T: 'static,
    {
        let spec = route.spec;
        let method = on(filter(spec.method), handler);
        let method = match spec.access {
            Access::Anyone => method.route_layer(middleware::from_fn_with_state(spec, body::whole)),
            Access::Role(_) | Access::Own(_) => {
                method.route_layer(middleware::from_fn_with_state((self.context.clone(), spec), auth::token))
            }
        };
        Self { router: self.router.route(spec.path, method), ..self }
    }

    pub(super) fn into_router(self) -> Router<Arc<Context>> {
        self.router
    }
}

/// `GET` is also served to `HEAD`.
fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    }
}
