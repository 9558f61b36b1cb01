//! A PNG, chunk by chunk: whole, of a size that can be drawn, and without what a logo does not need.

use flate2::Crc;

use super::error::{LogoError, MOST_PIXELS};

/// What every PNG begins with.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The most bytes of a chunk that holds no picture, such as a colour profile; packed, they may grow a thousandfold.
const MOST_BESIDE: usize = 64 * 1024;
/// Length, name and check sum of a chunk.
const FRAME: usize = 12;

/// Checks that `bytes`, which begin with the signature, are a whole PNG.
pub(super) fn check(bytes: &[u8]) -> Result<(), LogoError> {
    let refused = |why: &str| Err(LogoError::Png(why.to_owned()));
    let mut rest = &bytes[SIGNATURE.len()..];
    let (mut first, mut pixels) = (true, false);
    loop {
        let Some((name, data, after)) = chunk(rest) else { return refused("it is cut off") };
        let Some(sum) = rest.get(FRAME - 4 + data.len()..).and_then(number) else { return refused("it is cut off") };
        if sum != sum_of(name, data) {
            return refused("a part of it is damaged");
        }
        if first != (name == b"IHDR") {
            return refused("its size does not stand where it should");
        }
        match name {
            b"IHDR" => header(data)?,
            b"PLTE" => {}
            b"IDAT" => pixels = true,
            b"IEND" if !pixels => return refused("it holds no picture"),
            b"IEND" if !after.is_empty() => return refused("something follows its end"),
            b"IEND" => return Ok(()),
            b"acTL" | b"fcTL" | b"fdAT" => return refused("it moves"),
            other if other[0].is_ascii_uppercase() => return refused("it holds a part that no reader has to know"),
            _ if data.len() > MOST_BESIDE => return refused("it holds more beside the picture than a logo needs"),
            _ => {}
        }
        first = false;
        rest = after;
    }
}

/// The name and the data of the first chunk, and what follows it; `None` where it is not whole.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let length = usize::try_from(number(bytes)?).ok()?;
    let (name, rest) = bytes.get(4..)?.split_first_chunk()?;
    Some((name, rest.get(..length)?, rest.get(length.checked_add(4)?..)?))
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_be_bytes)
}

fn sum_of(name: &[u8], data: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(data);
    sum.sum()
}

fn header(data: &[u8]) -> Result<(), LogoError> {
    let refused = |why: &str| Err(LogoError::Png(why.to_owned()));
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, packing, filter, woven] = data else {
        return refused("its size cannot be read");
    };
    let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
    if width == 0 || height == 0 {
        return refused("it has no pixels");
    }
    if width > MOST_PIXELS || height > MOST_PIXELS {
        return Err(LogoError::Pixels { width, height });
    }
    let depths: &[u8] = match colour {
        0 => &[1, 2, 4, 8, 16],
        3 => &[1, 2, 4, 8],
        2 | 4 | 6 => &[8, 16],
        _ => &[],
    };
    if !depths.contains(&depth) || packing != 0 || filter != 0 || woven > 1 {
        return refused("its colours cannot be read");
    }
    Ok(())
}
