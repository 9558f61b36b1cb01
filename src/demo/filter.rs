//! Cost Explorer's filter expressions: read strictly, then asked of each line.

use serde_json::{Map, Value};

use super::account::Line;
use super::refusal::Refusal;

/// The roots an expression can have, in the words of AWS's own error message.
const ROOTS: [&str; 7] = ["And", "Or", "Not", "Dimensions", "Tags", "CostCategories", "ProductAttributes"];

/// A filter that was understood.
#[derive(Debug)]
pub(super) enum Filter {
    /// Every part holds.
    And(Vec<Filter>),
    /// At least one part holds.
    Or(Vec<Filter>),
    /// The part does not hold.
    Not(Box<Filter>),
    /// The dimension has one of the values.
    OneOf(Dimension, Vec<String>),
}

/// The dimensions that the fake's lines carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Service,
    RecordType,
    LinkedAccount,
    UsageType,
    /// Can be filtered, not grouped.
    BillingEntity,
}

impl Dimension {
    /// Reads a filter's key. AWS knows more dimensions than the fake's lines carry; those are refused too, so that a
    /// filter is never silently without effect. `CHARGE_TYPE`, the console's word, is refused by AWS itself.
    pub(super) fn parse(key: &str) -> Result<Self, Refusal> {
        Ok(match key {
            "SERVICE" => Dimension::Service,
            "RECORD_TYPE" => Dimension::RecordType,
            "LINKED_ACCOUNT" => Dimension::LinkedAccount,
            "USAGE_TYPE" => Dimension::UsageType,
            "BILLING_ENTITY" => Dimension::BillingEntity,
            _ => return Err(Refusal::validation(format!("Dimension {key} is not valid here"))),
        })
    }

    /// The line's value of this dimension.
    pub(super) fn of<'a>(self, line: &'a Line, account: &'a str) -> &'a str {
        match self {
            Dimension::Service => &line.service,
            Dimension::RecordType => &line.record_type,
            Dimension::LinkedAccount => account,
            Dimension::UsageType => &line.usage_type,
            Dimension::BillingEntity if line.service.ends_with("(Amazon Bedrock Edition)") => "AWS Marketplace",
            Dimension::BillingEntity => "AWS",
        }
    }
}

impl Filter {
    /// Reads an expression, refusing what AWS refuses.
    pub(super) fn parse(expression: &Value) -> Result<Self, Refusal> {
        let members = expression.as_object().ok_or_else(|| wrong_type("Expression", "an object"))?;
        let roots: Vec<&str> = ROOTS.into_iter().filter(|root| members.contains_key(*root)).collect();
        match roots[..] {
            [] => Err(Refusal::validation("Filter expression must not be empty")),
            [root] => Filter::parse_root(root, &members[root]),
            _ => Err(Refusal::validation(format!(
                "Expression has more than one roots. Only one root operator is allowed for each expression: {}",
                ROOTS.join(", ")
            ))),
        }
    }

    fn parse_root(root: &str, value: &Value) -> Result<Self, Refusal> {
        let parts = || -> Result<Vec<Filter>, Refusal> {
            let list = value.as_array().ok_or_else(|| wrong_type(root, "a list"))?;
            if list.len() < 2 {
                return Err(Refusal::validation(format!("{root} must have at least two expressions")));
            }
            list.iter().map(Filter::parse).collect()
        };
        match root {
            "And" => parts().map(Filter::And),
            "Or" => parts().map(Filter::Or),
            "Not" => Filter::parse(value).map(|part| Filter::Not(Box::new(part))),
            "Dimensions" => Filter::parse_dimension(value.as_object().ok_or_else(|| wrong_type(root, "an object"))?),
            _ => Err(Refusal::validation(format!("{root}: this account has none to filter by"))),
        }
    }

    fn parse_dimension(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let key = members.get("Key").and_then(Value::as_str);
        let dimension = Dimension::parse(key.ok_or_else(|| Refusal::validation("Dimensions without a Key"))?)?;
        if let Some(options) = members.get("MatchOptions").and_then(Value::as_array) {
            // The API model says that other options belong to cost categories and anomaly subscriptions.
            if !options.iter().all(|option| matches!(option.as_str(), Some("EQUALS" | "CASE_SENSITIVE"))) {
                return Err(Refusal::validation("MatchOptions other than EQUALS and CASE_SENSITIVE do not apply here"));
            }
        }
        let values: Option<Vec<String>> = members
            .get("Values")
            .and_then(Value::as_array)
            .and_then(|values| values.iter().map(|value| value.as_str().map(str::to_owned)).collect());
        match values {
            Some(values) if !values.is_empty() => Ok(Filter::OneOf(dimension, values)),
            _ => Err(Refusal::validation("Dimensions must have at least one value")),
        }
    }

    /// True if the line passes.
    pub(super) fn passes(&self, line: &Line, account: &str) -> bool {
        match self {
            Filter::And(parts) => parts.iter().all(|part| part.passes(line, account)),
            Filter::Or(parts) => parts.iter().any(|part| part.passes(line, account)),
            Filter::Not(part) => !part.passes(line, account),
            Filter::OneOf(dimension, values) => values.iter().any(|value| value == dimension.of(line, account)),
        }
    }
}

/// AWS's JSON reader refuses a member of the wrong type before any rule is looked at.
pub(super) fn wrong_type(member: &str, wanted: &str) -> Refusal {
    Refusal::new("SerializationException", format!("{member} must be {wanted}"))
}
