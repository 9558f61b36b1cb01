//! What an answer says in all: papers unpacked, with what a file tells of itself beside its pages and sheets.

use glidepath::report::Format;
use lopdf::{Document as Pdf, Object, Stream, dictionary};

use crate::paper::{pdf_text, text_of};

/// All text in what a route answers, whatever its content type; of a file also what it says of itself.
pub fn text_of_answer(bytes: &[u8], content_type: &str) -> String {
    let media_type = |format: &Format| !bytes.is_empty() && format.media_type() == content_type;
    match Format::ALL.into_iter().find(media_type) {
        Some(Format::Pdf) => format!("{}\n{}", pdf_text(bytes), pdf_properties(bytes)),
        Some(Format::Xlsx) => format!("{}\n{}", text_of(bytes, Format::Xlsx), parts(bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Every text that stands in an object of a PDF beside its pages: title, author, bookmarks, metadata.
fn pdf_properties(bytes: &[u8]) -> String {
    let pdf = Pdf::load_mem(bytes).unwrap();
    let mut said = String::new();
    for object in pdf.objects.values() {
        if let Ok(stream) = object.as_stream()
            && stream.dict.get(b"Type").and_then(Object::as_name).is_ok_and(|name| name == b"Metadata")
        {
            let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
            said.push_str(&String::from_utf8_lossy(&content));
        }
        collect_texts(object, &mut said);
    }
    said
}

fn collect_texts(object: &Object, said: &mut String) {
    match object {
        Object::String(..) => {
            said.push_str(&lopdf::decode_text_string(object).unwrap_or_default());
            said.push('\n');
        }
        Object::Array(items) => items.iter().for_each(|item| collect_texts(item, said)),
        Object::Dictionary(entries) => entries.iter().for_each(|(_, value)| collect_texts(value, said)),
        _ => {}
    }
}

/// Every part of a workbook as it stands in the archive: cells, shared texts, and docProps, where a file names its makers.
fn parts(bytes: &[u8]) -> String {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let u32_at = |at: usize| u16_at(at) | u16_at(at + 2) << 16;
    // The end of the archive says where its directory stands and how much is in it.
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let (mut entry, mut said) = (u32_at(end + 16), String::new());
    for _ in 0..u16_at(end + 10) {
        assert_eq!(&bytes[entry..entry + 4], b"PK\x01\x02");
        let (packed, size, name, header) =
            (u16_at(entry + 10), u32_at(entry + 20), u16_at(entry + 28), u32_at(entry + 42));
        let start = header + 30 + u16_at(header + 26) + u16_at(header + 28);
        let content = &bytes[start..start + size];
        said.push_str(&String::from_utf8_lossy(&bytes[entry + 46..entry + 46 + name]));
        said.push('\n');
        said.push_str(&String::from_utf8_lossy(&if packed == 0 { content.to_vec() } else { inflated(content) }));
        entry += 46 + name + u16_at(entry + 30) + u16_at(entry + 32);
    }
    said
}

/// The reader of PDFs unpacks what is in an archive too: where zlib's two bytes make no sense it goes on without them.
fn inflated(packed: &[u8]) -> Vec<u8> {
    let filter = dictionary! { "Filter" => "FlateDecode" };
    Stream::new(filter, [&[0, 0], packed].concat()).decompressed_content().unwrap()
}
