//! Protects signed-in users against cross-site request forgery.
//!
//! Browsers state a request's origin in `Sec-Fetch-Site`, older ones in `Origin`; scripts can set neither. Programs send
//! neither header and no cookie. (The algorithm of Go's `http.CrossOriginProtection`.)

use crate::web::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Rejects unsafe requests from another origin.
pub async fn ensure(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    let detail = "the request comes from another site; open the dashboard and try again there";
    Problem::new(StatusCode::FORBIDDEN, detail).into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let value_of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (value_of("sec-fetch-site"), value_of(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let origin = origin.parse::<Uri>().ok();
            origin.as_ref().and_then(Uri::authority).map(|authority| authority.as_str())
                == value_of(header::HOST.as_str())
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_site_and_programs_may_change_anything() {
        let cases: [(&[(&str, &str)], bool); 8] = [
            (&[("host", "dialer.example")], true),
            (&[("host", "dialer.example"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "dialer.example"), ("sec-fetch-site", "none")], true),
            (&[("host", "dialer.example"), ("sec-fetch-site", "same-site")], false),
            (
                &[("host", "dialer.example"), ("sec-fetch-site", "cross-site"), ("origin", "https://dialer.example")],
                false,
            ),
            (&[("host", "dialer.example:8080"), ("origin", "http://dialer.example:8080")], true),
            (&[("host", "dialer.example"), ("origin", "https://evil.example")], false),
            (&[("host", "dialer.example"), ("origin", "null")], false),
        ];
        for (sent, allowed) in cases {
            let headers = sent.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(is_same_origin(&headers), allowed, "{sent:?}");
        }
    }
}
