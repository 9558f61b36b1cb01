//! What a PDF prints and where, read from the content streams of its pages.

use lopdf::content::Content;
use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

/// A piece of text as it is printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Print {
    /// Counted from 1.
    pub page: usize,
    /// In points, whatever the picture around it is scaled by.
    pub size: f64,
    /// From the left edge of the page, and from its lower one.
    pub at: (f64, f64),
}

/// A page: what it prints, and how large it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub prints: Vec<Print>,
    pub width: f64,
    pub height: f64,
}

/// As in PDF: a point moves to (a x + c y + e, b x + d y + f).
type Matrix = [f64; 6];
const STILL: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// First `first`, then `then`.
fn product(first: &Matrix, then: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *first;
    let [p, q, r, s, t, u] = *then;
    [a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u]
}

fn numbers(operands: &[Object]) -> Vec<f64> {
    operands.iter().map(|it| f64::from(it.as_float().unwrap())).collect()
}

fn matrix(operands: &[Object]) -> Matrix {
    numbers(operands).try_into().unwrap()
}

/// The pages, in order.
pub fn pages(bytes: &[u8]) -> Vec<Page> {
    let pdf = Pdf::load_mem(bytes).unwrap();
    pdf.get_pages().into_values().zip(1..).map(|(id, number)| page(&pdf, id, number)).collect()
}

fn page(pdf: &Pdf, id: ObjectId, number: usize) -> Page {
    let dictionary = pdf.get_dictionary(id).unwrap();
    let extent = numbers(dictionary.get_deref(b"MediaBox", pdf).unwrap().as_array().unwrap());
    let resources = dictionary.get_deref(b"Resources", pdf).unwrap().as_dict().unwrap();
    let mut reader = Reader { pdf, page: number, prints: Vec::new() };
    reader.read(&pdf.get_page_content(id), resources, STILL);
    Page { prints: reader.prints, width: extent[2], height: extent[3] }
}

struct Reader<'a> {
    pdf: &'a Pdf,
    page: usize,
    prints: Vec<Print>,
}

impl Reader<'_> {
    fn read(&mut self, stream: &[u8], resources: &Dictionary, place: Matrix) {
        let (mut now, mut kept) = ((place, 0.0), Vec::new());
        let (mut text, mut line) = (STILL, STILL);
        for operation in Content::decode(stream).unwrap().operations {
            let operands = &operation.operands;
            match operation.operator.as_str() {
                "q" => kept.push(now),
                "Q" => now = kept.pop().unwrap(),
                "cm" => now.0 = product(&matrix(operands), &now.0),
                "BT" => (text, line) = (STILL, STILL),
                "Tf" => now.1 = f64::from(operands[1].as_float().unwrap()),
                "Tm" => {
                    text = matrix(operands);
                    line = text;
                }
                "Td" | "TD" => {
                    let by = numbers(operands);
                    line = product(&[1.0, 0.0, 0.0, 1.0, by[0], by[1]], &line);
                    text = line;
                }
                "Tj" | "TJ" | "'" | "\"" => {
                    let [_, _, c, d, e, f] = product(&text, &now.0);
                    self.prints.push(Print { page: self.page, size: now.1 * c.hypot(d), at: (e, f) });
                }
                "Do" => self.form(operands[0].as_name().unwrap(), resources, &now.0),
                _ => {}
            }
        }
    }

    /// A picture that stands in the page.
    fn form(&mut self, name: &[u8], resources: &Dictionary, place: &Matrix) {
        let forms = resources.get_deref(b"XObject", self.pdf).unwrap().as_dict().unwrap();
        let form = forms.get_deref(name, self.pdf).unwrap().as_stream().unwrap();
        if form.dict.get(b"Subtype").unwrap().as_name().unwrap() != b"Form" {
            return;
        }
        let own = form.dict.get(b"Matrix").map_or(STILL, |it| matrix(it.as_array().unwrap()));
        let inside = form.dict.get_deref(b"Resources", self.pdf).and_then(Object::as_dict).unwrap_or(resources);
        self.read(&form.get_plain_content().unwrap(), inside, product(&own, place));
    }
}
