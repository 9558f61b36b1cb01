//! An SVG, element by element: only what draws, nothing from outside, and no more to draw than it holds.
//!
//! The lists say what may be there. What is on none of them is refused, so that nothing has to be known about what a reader of
//! SVG can be made to do.

use std::collections::HashMap;

use roxmltree::{Attribute, Document, Node, NodeType, ParsingOptions};

use super::error::LogoError;

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The most elements, also once everything that is used several times is drawn as often.
const MOST_ELEMENTS: usize = 5_000;
/// The most elements inside of each other.
const DEEPEST: usize = 32;
/// The most rules and the longest text of stylesheets: each rule is tried on each element.
const MOST_RULES: usize = 200;
const LONGEST_STYLE: usize = 16 * 1024;
/// The largest number, in whatever unit.
const LARGEST_NUMBER: f64 = 1e6;
/// The smallest side of a picture.
const SMALLEST_SIDE: f64 = 0.01;

const ELEMENTS: [&str; 20] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "style",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
];
/// Attributes whose values are words or numbers, colours or ways to place things.
const ATTRIBUTES: [&str; 75] = [
    "baseProfile",
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "color",
    "color-interpolation",
    "cx",
    "cy",
    "d",
    "display",
    "enable-background",
    "fill",
    "fill-opacity",
    "fill-rule",
    "fr",
    "fx",
    "fy",
    "gradientTransform",
    "gradientUnits",
    "height",
    "href",
    "image-rendering",
    "isolation",
    "lang",
    "mask",
    "mask-type",
    "maskContentUnits",
    "maskUnits",
    "offset",
    "opacity",
    "overflow",
    "paint-order",
    "pathLength",
    "pointer-events",
    "points",
    "preserveAspectRatio",
    "r",
    "role",
    "rx",
    "ry",
    "shape-rendering",
    "spreadMethod",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "style",
    "transform",
    "transform-origin",
    "type",
    "vector-effect",
    "version",
    "viewBox",
    "visibility",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
    "font-size",
    "font-family",
    "font-weight",
    "text-anchor",
    "text-rendering",
    "letter-spacing",
    "word-spacing",
    "writing-mode",
];
/// Attributes that name an element, and so hold any word.
const NAMES: [&str; 2] = ["id", "class"];
/// Functions that values may call, beside `url`.
const FUNCTIONS: [&str; 10] =
    ["rgb", "rgba", "hsl", "hsla", "matrix", "translate", "scale", "rotate", "skewx", "skewy"];

const PLAIN: &str = "export it as a plain SVG, with text turned into paths, or save it as a PNG";
const SIMPLER: &str = "simplify it, or save it as a PNG";

fn refused(what: impl Into<String>, remedy: &'static str) -> LogoError {
    LogoError::Svg { what: what.into(), remedy }
}

/// Checks that `text` is an SVG that only draws.
pub(super) fn check(text: &str) -> Result<(), LogoError> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("<!doctype") || lower.contains("<!entity") {
        return Err(refused("it declares a document type", "take the DOCTYPE out of it, or export it as a plain SVG"));
    }
    let limit = u32::try_from(MOST_ELEMENTS * 8).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit: limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| LogoError::NotXml(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" || root.tag_name().namespace() != Some(SVG) {
        return Err(refused("its outermost element is not that of an SVG", PLAIN));
    }
    let elements = document.descendants().filter(Node::is_element).count();
    if elements > MOST_ELEMENTS {
        return Err(refused(format!("it has {elements} elements, where {MOST_ELEMENTS} are taken"), SIMPLER));
    }
    for node in document.descendants() {
        match node.node_type() {
            NodeType::PI => return Err(refused("it holds an instruction to a program", PLAIN)),
            NodeType::Element => element(node)?,
            NodeType::Root | NodeType::Comment | NodeType::Text => {}
        }
    }
    sheets(&document)?;
    extent(root)?;
    references(&document, elements)
}

fn element(node: Node<'_, '_>) -> Result<(), LogoError> {
    let name = node.tag_name().name();
    if node.tag_name().namespace() != Some(SVG) || !ELEMENTS.contains(&name) {
        let why = match name {
            "script" | "foreignObject" | "animate" | "set" | "animateTransform" | "handler" => "which can act",
            "image" => "which brings another picture",
            "text" | "tspan" | "textPath" => "which looks otherwise where its font is missing",
            _ => "which a logo does not need",
        };
        return Err(refused(format!("it holds an element \"{}\", {why}", clipped(name)), PLAIN));
    }
    if name == "svg" && node.parent_element().is_some() {
        return Err(refused("it holds a second SVG", PLAIN));
    }
    // The root of the document counts as one.
    if node.ancestors().count() > DEEPEST + 1 {
        return Err(refused(format!("its elements lie more than {DEEPEST} deep in each other"), SIMPLER));
    }
    node.attributes().try_for_each(|it| attribute(name, &it))
}

fn attribute(of: &str, attribute: &Attribute<'_, '_>) -> Result<(), LogoError> {
    let (name, value) = (attribute.name(), attribute.value());
    let inert = name.starts_with("data-") || name.starts_with("aria-");
    let known = match attribute.namespace() {
        None => ATTRIBUTES.contains(&name) || NAMES.contains(&name) || inert,
        Some(XLINK) => name == "href",
        Some(XML) => name == "space" || name == "lang",
        Some(_) => false,
    };
    if !known {
        let why = if name.starts_with("on") { "which can act" } else { "which a logo does not need" };
        return Err(refused(format!("its element \"{of}\" has an attribute \"{}\", {why}", clipped(name)), PLAIN));
    }
    if inert || NAMES.contains(&name) {
        return Ok(());
    }
    if name == "href" && !is_inside(value) {
        let what = format!("it refers to something outside of itself: {}", clipped(value));
        return Err(refused(what, "take the reference out, or export it as a plain SVG"));
    }
    style(value, name != "style")?;
    numbers(value)
}

/// "#id".
fn is_inside(reference: &str) -> bool {
    let id = reference.trim().strip_prefix('#');
    id.is_some_and(|id| !id.is_empty() && id.chars().all(|it| it.is_alphanumeric() || "_-.:".contains(it)))
}

/// Checks a value or a stylesheet: it calls only functions that colour and place, and, where `may_refer`, `url(#id)`.
fn style(text: &str, may_refer: bool) -> Result<(), LogoError> {
    if text.contains(['@', '\\', '<']) {
        return Err(refused(format!("its style holds more than a logo needs: {}", clipped(text)), PLAIN));
    }
    let parts: Vec<&str> = text.split('(').collect();
    for (before, inside) in parts.iter().zip(&parts[1..]) {
        let before = before.trim_end();
        let start = before
            .rfind(|it: char| !it.is_alphanumeric() && it != '-')
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let function = before[start..].to_ascii_lowercase();
        let argument = inside.split(')').next().unwrap_or_default().trim();
        let quoted = ['"', '\''].iter().find_map(|it| argument.strip_prefix(*it)?.strip_suffix(*it));
        let allowed = if function == "url" {
            may_refer && is_inside(quoted.unwrap_or(argument))
        } else {
            FUNCTIONS.contains(&function.as_str())
        };
        if !allowed {
            let what = format!("it refers to what may lie outside of itself: {}(", clipped(&function));
            return Err(refused(what, "take the reference out, or export it with its styles as attributes"));
        }
    }
    Ok(())
}

/// Checks that no number is so large that drawing it goes wrong.
fn numbers(text: &str) -> Result<(), LogoError> {
    let mut rest = text;
    while let Some(at) = rest.find(|it: char| it.is_ascii_digit() || it == '#') {
        if rest[at..].starts_with('#') {
            // A colour or an id.
            let word = &rest[at + 1..];
            rest = &word[word.find(|it: char| !it.is_alphanumeric()).unwrap_or(word.len())..];
            continue;
        }
        let (value, length) = number(&rest[at..]);
        if !value.is_finite() || value > LARGEST_NUMBER {
            let what = format!("it holds a number above a million: {}", clipped(&rest[at..at + length]));
            return Err(refused(what, SIMPLER));
        }
        rest = &rest[at + length..];
    }
    Ok(())
}

/// The number that `text` begins with, and how many bytes it takes. A sign before it changes nothing here.
fn number(text: &str) -> (f64, usize) {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|it| it.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits((end + 1 + sign).min(bytes.len()));
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    (text[..end].parse().unwrap_or(f64::INFINITY), end)
}

fn sheets(document: &Document<'_>) -> Result<(), LogoError> {
    let sheets = document.descendants().filter(|it| it.has_tag_name((SVG, "style")));
    let texts: Vec<&str> =
        sheets.flat_map(|it| it.descendants()).filter(Node::is_text).filter_map(|it| it.text()).collect();
    let (length, rules): (usize, usize) =
        (texts.iter().map(|it| it.len()).sum(), texts.iter().map(|it| it.matches('{').count()).sum());
    if length > LONGEST_STYLE || rules > MOST_RULES {
        return Err(refused("its stylesheet is longer than that of a logo", "export it with its styles as attributes"));
    }
    texts.into_iter().try_for_each(|text| style(text, false).and_then(|()| numbers(text)))
}

/// A picture has a size: the box that it shows, or a width and a height.
fn extent(root: Node<'_, '_>) -> Result<(), LogoError> {
    let side = |text: &str| text.trim().trim_end_matches(|it: char| it.is_ascii_alphabetic()).parse::<f64>().ok();
    let sides: Option<Vec<f64>> = match root.attribute("viewBox") {
        Some(shown) => {
            let numbers = shown.split(|it: char| it.is_whitespace() || it == ',').filter(|it| !it.is_empty());
            let numbers: Option<Vec<f64>> = numbers.map(|it| it.parse().ok()).collect();
            numbers.filter(|it| it.len() == 4).map(|it| it[2..].to_vec())
        }
        None => ["width", "height"].into_iter().map(|name| root.attribute(name).and_then(side)).collect(),
    };
    match sides {
        Some(sides) if sides.iter().all(|side| *side >= SMALLEST_SIDE) => Ok(()),
        _ => Err(refused("it does not say how large it is", "give its outermost element a viewBox")),
    }
}

/// What is used several times is drawn as often. What is used uses nothing itself, and what cuts off is not cut off itself, so
/// that a picture cannot grow by more than `MOST_ELEMENTS` in all.
fn references(document: &Document<'_>, elements: usize) -> Result<(), LogoError> {
    let mut by_id: HashMap<&str, Node<'_, '_>> = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        if let Some(id) = node.attribute("id")
            && by_id.insert(id, node).is_some()
        {
            return Err(refused(format!("two of its elements have the id \"{}\"", clipped(id)), PLAIN));
        }
    }
    let cuts = |node: &Node<'_, '_>| node.has_attribute("clip-path") || node.has_attribute("mask");
    let nested = |what: &str| Err(refused(format!("its {what} lie in each other"), SIMPLER));
    let mut drawn = elements;
    for node in document.descendants().filter(Node::is_element) {
        let inside_a_cut = node.ancestors().any(|it| matches!(it.tag_name().name(), "clipPath" | "mask"));
        if inside_a_cut && cuts(&node) {
            return nested("masks");
        }
        let used = (node.tag_name().name() == "use").then(|| href(node)).flatten();
        let cut_by = ["clip-path", "mask"].into_iter().filter_map(|name| node.attribute(name)).filter_map(named);
        for id in used.into_iter().chain(cut_by) {
            let Some(target) = by_id.get(id) else { continue };
            let parts = || target.descendants().filter(Node::is_element);
            if used == Some(id) && parts().any(|it| it.tag_name().name() == "use") {
                return nested("uses of other parts");
            }
            if used == Some(id) && inside_a_cut && parts().any(|it| cuts(&it)) {
                return nested("masks");
            }
            drawn += parts().count();
            if drawn > MOST_ELEMENTS {
                return Err(refused(format!("it draws its parts more than {MOST_ELEMENTS} times"), SIMPLER));
            }
        }
    }
    Ok(())
}

fn href<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let reference = node.attribute("href").or_else(|| node.attribute((XLINK, "href")))?;
    reference.trim().strip_prefix('#')
}

/// The id in "url(#id)".
fn named(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once('#')?;
    rest.split(['"', '\'', ')']).next().map(str::trim)
}

/// A word of somebody else's, as much of it as a message holds.
fn clipped(text: &str) -> String {
    let shown = |it: char| if it.is_control() { ' ' } else { it };
    let short: String = text.chars().take(60).map(shown).collect();
    if short.len() < text.len() && text.chars().count() > 60 { format!("{short}…") } else { short }
}
