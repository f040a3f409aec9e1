//! Strict rendering for everything that is not a web page: compose files, edge files, mails, units.
//!
//! An unknown variable is an error, never an empty string. Structured outputs (compose, JSON) are
//! escaped as JSON scalars, which are valid quoted YAML scalars, so a value cannot become syntax.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// What a template produces, which decides its escaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// YAML or JSON: every value becomes a JSON scalar.
    Json,
    /// HTML mail bodies.
    Html,
    /// Plain text whose values are already of closed types.
    Text,
}

/// Renders `source` (called `name` in errors) with `context`.
///
/// # Errors
/// Unknown variables, syntax errors. The error never repeats the context, which may hold secrets.
pub fn render(name: &str, source: &str, output: Output, context: &impl Serialize) -> Result<String, minijinja::Error> {
    let mut env = Environment::new();
    env.set_debug(false);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(
        minijinja::syntax::SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    env.set_auto_escape_callback(move |_| match output {
        Output::Json => AutoEscape::Json,
        Output::Html => AutoEscape::Html,
        Output::Text => AutoEscape::None,
    });
    env.render_named_str(name, source, minijinja::value::Serde(context))
}
