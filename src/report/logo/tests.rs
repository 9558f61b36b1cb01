//! Logos as partners have them, logos that would do more than draw, and both of them bent.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use proptest::prelude::*;

use super::*;

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(data);
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), name.as_slice(), data, &sum.sum().to_be_bytes()].concat()
}

fn size(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[head.as_slice(), &[8, colour, 0, 0, 0]].concat())
}

fn pixels(width: u32, height: u32, bytes: u32) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    let line = vec![0_u8; usize::try_from(1 + width * bytes).unwrap()];
    (0..height).for_each(|_| packed.write_all(&line).unwrap());
    chunk(b"IDAT", &packed.finish().unwrap())
}

fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    [png::SIGNATURE.to_vec(), chunks.concat()].concat()
}

fn good_png() -> Vec<u8> {
    png_of(&[size(40, 20, 6), pixels(40, 20, 4), chunk(b"IEND", b"")])
}

/// As a drawing program writes it: a gradient, a clip, a mask, a part that is used, a style.
const DRAWN: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!-- Made by hand -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="120" height="40"
    viewBox="0 0 120 40" role="img" aria-label="Alder" data-name="Layer 1">
  <title>Alder &amp; Co.</title>
  <style>.leaf { fill: #1e7a3c; fill-opacity: .9 } .ink{fill:rgb(10, 20, 30)}</style>
  <defs>
    <linearGradient id="green" x1="0" x2="1"><stop offset="0" stop-color="#1e7a3c"/><stop offset="1e0" stop-color="#9c3"/></linearGradient>
    <clipPath id="frame"><rect width="120" height="40" rx="4"/></clipPath>
    <mask id="fade"><circle cx="20" cy="20" r="18" fill="#fff"/></mask>
    <path id="leaf" class="leaf" d="M4 20c8-16.5 24-16 32 0-8 16-24 16-32 0z"/>
  </defs>
  <g clip-path="url(#frame)" transform="translate(2 1) rotate(3)">
    <use xlink:href="#leaf" x="0" y="0"/><use href="#leaf" x="40" mask="url('#fade')"/>
    <ellipse cx="90" cy="20" rx="10" ry="6" fill="url(#green)" style="stroke:#333;stroke-width:1.5px"/>
  </g>
</svg>"##;

fn svg(inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 9 9\">{inside}</svg>"
    )
}

#[test]
fn what_a_partner_has_is_taken_as_it_is() {
    let png = good_png();
    let logo = Logo::read(&png).unwrap();
    assert_eq!((logo.bytes(), logo.media_type()), (png.as_slice(), "image/png"));
    assert!(logo.data_uri().starts_with("data:image/png;base64,iVBORw0KGgo"));
    let logo = Logo::read(DRAWN.as_bytes()).unwrap();
    assert_eq!((logo.bytes(), logo.media_type()), (DRAWN.as_bytes(), "image/svg+xml"));
    assert_eq!(format!("{logo:?}"), format!("Logo(image/svg+xml, {} bytes)", DRAWN.len()));
    let palette = png_of(&[size(8, 8, 3), chunk(b"PLTE", &[1, 2, 3]), pixels(8, 8, 1), chunk(b"IEND", b"")]);
    let noted = png_of(&[size(8, 8, 0), chunk(b"tEXt", b"Author\0A"), pixels(8, 8, 1), chunk(b"IEND", b"")]);
    for taken in [palette, noted, format!("\u{feff}{}", svg("<path d=\"M1 1h3\"/>")).into_bytes()] {
        assert_eq!(Logo::read(&taken).err(), None);
    }
}

#[test]
fn an_svg_that_does_more_than_draw_is_refused_with_what_to_do() {
    let nested = format!("{}<rect width=\"1\" height=\"1\"/>{}", "<g>".repeat(40), "</g>".repeat(40));
    let many = "<path d=\"M1 1h3\"/>".repeat(6_000);
    let part = |id: usize| format!("<g id=\"p{id}\"><use href=\"#p{0}\"/><use href=\"#p{0}\"/></g>", id + 1);
    let bomb: String = (0..30).map(part).collect();
    let wide = format!("<g id=\"a\">{}</g>{}", "<path d=\"M1 1\"/>".repeat(200), "<use href=\"#a\"/>".repeat(100));
    let masks = "<mask id=\"a\"><g mask=\"url(#b)\"/></mask><mask id=\"b\"/>";
    let by_use = "<g id=\"g\" mask=\"url(#b)\"/><mask id=\"a\"><use href=\"#g\"/></mask><mask id=\"b\"/>";
    let rules = format!("<style>{}</style>", "a{fill:red}".repeat(300));
    for (inside, said) in [
        ("<script>alert(1)</script>", "an element \"script\", which can act"),
        ("<foreignObject/>", "an element \"foreignObject\", which can act"),
        ("<animate attributeName=\"href\"/>", "an element \"animate\", which can act"),
        ("<image href=\"data:image/png;base64,AAAA\"/>", "an element \"image\""),
        ("<a href=\"https://example.com\"/>", "an element \"a\""),
        ("<text>Alder</text>", "text turned into paths"),
        ("<filter id=\"f\"/>", "an element \"filter\""),
        ("<svg/>", "a second SVG"),
        ("<x:script xmlns:x=\"http://www.w3.org/1999/xhtml\"/>", "an element \"script\""),
        ("<rect onload=\"alert(1)\"/>", "an attribute \"onload\", which can act"),
        ("<rect x:href=\"#a\" xmlns:x=\"urn:other\"/>", "an attribute \"href\""),
        ("<use href=\"https://example.com/a.svg#b\"/>", "outside of itself: https://example.com/a.svg#b"),
        ("<use xlink:href=\"other.svg#b\"/>", "outside of itself"),
        ("<use href=\"javascript:alert(1)\"/>", "outside of itself"),
        ("<rect fill=\"url(https://example.com/#a)\"/>", "outside of itself: url("),
        ("<rect fill=\"url( 'x.svg#a' )\"/>", "outside of itself: url("),
        ("<rect style=\"fill:url(#a)\"/>", "styles as attributes"),
        ("<rect style=\"fill:u\\72l(x)\"/>", "more than a logo needs"),
        ("<rect style=\"fill:image-set('x' 1x)\"/>", "outside of itself: image-set("),
        ("<style>@import 'x.css';</style>", "more than a logo needs"),
        ("<style><![CDATA[rect{fill:url(x)}]]></style>", "outside of itself"),
        ("<style>rect{fill:URL(#a)}</style>", "outside of itself"),
        ("<?xml-stylesheet href=\"x.css\"?>", "an instruction to a program"),
        ("<path d=\"M1 1e9\"/>", "a number above a million: 1e9"),
        ("<g transform=\"scale(10000000)\"/>", "a number above a million"),
        ("<g id=\"a\"/><g id=\"a\"/>", "have the id \"a\""),
        (&nested, "32 deep"),
        (&many, "6001 elements"),
        (&bomb, "uses of other parts lie in each other"),
        (&wide, "more than 5000 times"),
        (masks, "masks lie in each other"),
        (by_use, "masks lie in each other"),
        (&rules, "its stylesheet is longer"),
    ] {
        let error = Logo::read(svg(inside).as_bytes()).expect_err(inside).to_string();
        assert!(error.contains(said), "{inside:.80}: {error}");
        assert!(error.contains(": ") && error.len() < 300, "{error}");
    }
    for (text, said) in [
        ("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg/>", "declares a document type"),
        ("<!doctype svg><svg/>", "declares a document type"),
        ("<svg/>", "outermost element"),
        ("<html xmlns=\"http://www.w3.org/1999/xhtml\"/>", "outermost element"),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "how large it is"),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 0 9\"/>", "how large it is"),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 NaN\"/>", "how large it is"),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">", "cannot be read"),
        ("<svg a=\"1\" a=\"2\"/>", "cannot be read"),
        ("GIF89a", "neither a PNG nor an SVG"),
        ("", "neither a PNG nor an SVG"),
    ] {
        let error = Logo::read(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    assert_eq!(Logo::read(b"\xff\xfe<\0s\0"), Err(LogoError::OfAnotherKind));
    assert_eq!(Logo::read(&vec![b' '; 50 << 20]), Err(LogoError::TooLarge(50 << 20)));
}

#[test]
fn a_png_that_is_not_whole_or_holds_more_is_refused() {
    let end = || chunk(b"IEND", b"");
    let mut damaged = good_png();
    damaged[60] ^= 1;
    for (bytes, said) in [
        (damaged, "damaged"),
        (png_of(&[size(5_000, 20, 6), pixels(40, 20, 4), end()]), "5000 by 20 pixels"),
        (png_of(&[size(0, 20, 6), pixels(40, 20, 4), end()]), "no pixels"),
        (png_of(&[size(40, 20, 5), pixels(40, 20, 4), end()]), "its colours"),
        (png_of(&[pixels(40, 20, 4), size(40, 20, 6), end()]), "its size"),
        (png_of(&[size(40, 20, 6), size(40, 20, 6), pixels(40, 20, 4), end()]), "its size"),
        (png_of(&[size(40, 20, 6), end()]), "no picture"),
        (png_of(&[size(40, 20, 6), pixels(40, 20, 4)]), "cut off"),
        (png_of(&[size(40, 20, 6), pixels(40, 20, 4), end(), b"<script>".to_vec()]), "follows its end"),
        (png_of(&[size(40, 20, 6), chunk(b"acTL", &[0; 8]), pixels(40, 20, 4), end()]), "it moves"),
        (png_of(&[size(40, 20, 6), chunk(b"ABCD", &[0; 8]), pixels(40, 20, 4), end()]), "no reader has to know"),
        (png_of(&[size(40, 20, 6), chunk(b"zTXt", &[0; 70_000]), pixels(40, 20, 4), end()]), "more beside the picture"),
        // Whole by its chunks, and yet no picture.
        (png_of(&[size(40, 20, 6), chunk(b"IDAT", b"no zlib"), end()]), "cannot be drawn"),
    ] {
        let error = Logo::read(&bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn a_png_cut_anywhere_is_refused() {
    let whole = good_png();
    for length in 0..whole.len() {
        assert!(Logo::read(&whole[..length]).is_err(), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    /// Whatever is done to a good one, it is drawn or refused, and what is taken holds nothing that acts.
    #[test]
    fn a_bent_svg_is_drawn_or_refused(
        at in 0..DRAWN.len(),
        taken in 0_usize..30,
        put in prop_oneof![
            "[-0-9.eE ,#a-z]{0,8}",
            Just("<g>".to_owned()), Just("</g>".to_owned()), Just("<use href=\"#leaf\"/>".to_owned()),
            Just(" mask=\"url(#fade)\"".to_owned()), Just("<script/>".to_owned()), Just(" onclick=\"x\"".to_owned()),
            Just("0".to_owned()), Just("-1e5".to_owned()), Just("1e-300".to_owned()), "\\PC{0,4}",
        ],
    ) {
        // All of it is ASCII.
        let end = (at + taken).min(DRAWN.len());
        let bent = format!("{}{put}{}", &DRAWN[..at], &DRAWN[end..]);
        if let Ok(logo) = Logo::read(bent.as_bytes()) {
            // Attributes for people, comments and texts may say what they like.
            let document = roxmltree::Document::parse(&bent).unwrap();
            let acts = |node: roxmltree::Node<'_, '_>| {
                node.has_tag_name("script") || node.attributes().any(|it| it.name().starts_with("on"))
            };
            prop_assert!(!document.descendants().any(acts), "{bent}");
            prop_assert_eq!(logo.bytes(), bent.as_bytes());
        }
    }

    /// Numbers of any kind where numbers stand.
    #[test]
    fn odd_numbers_are_drawn_or_refused(numbers in proptest::collection::vec("-?[0-9]{1,7}(\\.[0-9]{1,3})?(e-?[0-9])?", 12)) {
        let n = |at: usize| &numbers[at];
        let inside = format!(
            "<defs><radialGradient id=\"a\" cx=\"{}\" r=\"{}\" gradientTransform=\"matrix({} {} {} {} 0 0)\"><stop offset=\"{}\"/>\
             <stop offset=\"1\" stop-color=\"#fff\"/></radialGradient></defs><path fill=\"url(#a)\" stroke=\"#000\" \
             stroke-width=\"{}\" stroke-dasharray=\"{} {}\" transform=\"scale({})\" d=\"M0 0A{} 3 4 0 1 9 9C1 2 3 4 5 6z\"/>",
            n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8), n(9), n(10), n(11)
        );
        // That it comes back is what is tested.
        let _ = Logo::read(svg(&inside).as_bytes()).is_ok();
    }

    #[test]
    fn a_bent_png_is_drawn_or_refused(at in 0_usize..200, byte: u8) {
        let mut bent = good_png();
        let at = at % bent.len();
        let same = bent[at] == byte;
        bent[at] = byte;
        prop_assert_eq!(Logo::read(&bent).is_ok(), same, "each byte is checked");
    }
}
