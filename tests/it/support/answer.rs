//! What an answer says in all: papers unpacked, with what a file tells of itself beside its pages and sheets.

use std::io::{Cursor, Read as _};

use glidepath::report::Format;
use lopdf::{Document as Pdf, Object};
use zip::ZipArchive;

use super::paper::{pdf_text, text_of};

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
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut said = String::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        said.push_str(&format!("{}\n{}\n", part.name().unwrap(), String::from_utf8_lossy(&content)));
    }
    said
}
