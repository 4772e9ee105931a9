//! Decodes uploaded images with limits, and encodes them again, upright and without metadata such as the place where a photo was
//! taken.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::Error;
use crate::error::FileProblem;

/// The largest number of pixels: more than a camera with 48 megapixels has.
const MAX_PIXELS: u64 = 50_000_000;
/// The largest width or height in pixels.
const MAX_SIDE: u32 = 30_000;
/// The largest memory for the pixels of an image, in bytes.
const MAX_MEMORY: u64 = 256 << 20;
/// The quality of JPEG images, 1 to 100.
const QUALITY: u8 = 90;
/// The longest side of a thumbnail in pixels.
const THUMBNAIL_SIDE: u32 = 256;

/// An image in one of the formats that browsers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedImage {
    pub(crate) bytes: Vec<u8>,
    /// The file extension of the format.
    pub(crate) extension: &'static str,
}

/// Encodes an image again: JPEG as JPEG, WebP as WebP without loss, PNG and the first picture of a GIF as PNG.
pub(crate) fn clean(bytes: &[u8]) -> Result<EncodedImage, Error> {
    let (image, format) = decode(bytes)?;
    match format {
        ImageFormat::Jpeg => encode_jpeg(&image),
        ImageFormat::WebP => encode(&DynamicImage::from(image.to_rgba8()), ImageFormat::WebP, "webp"),
        _ => encode(&image, ImageFormat::Png, "png"),
    }
}

/// Returns a small picture of an image: PNG if the image is transparent, or else JPEG.
pub(crate) fn thumbnail(bytes: &[u8]) -> Result<EncodedImage, Error> {
    let (image, _) = decode(bytes)?;
    let has_alpha = image.color().has_alpha();
    let (width, height) = (image.width(), image.height());
    let small = if width.max(height) > THUMBNAIL_SIDE {
        image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    } else {
        image
    };
    if has_alpha {
        encode(&DynamicImage::from(small.to_rgba8()), ImageFormat::Png, "png")
    } else {
        encode_jpeg(&small)
    }
}

/// Decodes an image upright. Refuses a large one before it takes memory.
fn decode(bytes: &[u8]) -> Result<(DynamicImage, ImageFormat), Error> {
    let not_an_image = |_| Error::BadFile { problem: FileProblem::NotAnImage };
    let damaged = |_| Error::BadFile { problem: FileProblem::Damaged };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| Error::BadFile { problem: FileProblem::NotAnImage })?;
    let format = reader.format().ok_or(Error::BadFile { problem: FileProblem::NotAnImage })?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => {
            Error::BadFile { problem: FileProblem::TooManyPixels { max: MAX_PIXELS } }
        }
        image::ImageError::Unsupported(_) => not_an_image(error),
        _ => damaged(error),
    })?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE || decoder.total_bytes() > MAX_MEMORY {
        return Err(Error::BadFile { problem: FileProblem::TooManyPixels { max: MAX_PIXELS } });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok((image, format))
}

fn encode_jpeg(image: &DynamicImage) -> Result<EncodedImage, Error> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let encoded = image.to_rgb8().write_with_encoder(encoder);
    encoded.map_err(|_| Error::BadFile { problem: FileProblem::Damaged })?;
    Ok(EncodedImage { bytes, extension: "jpg" })
}

fn encode(image: &DynamicImage, format: ImageFormat, extension: &'static str) -> Result<EncodedImage, Error> {
    let mut bytes = Vec::new();
    let encoded = image.write_to(&mut Cursor::new(&mut bytes), format);
    encoded.map_err(|_| Error::BadFile { problem: FileProblem::Damaged })?;
    Ok(EncodedImage { bytes, extension })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(bytes: &[u8]) -> FileProblem {
        match clean(bytes) {
            Err(Error::BadFile { problem }) => problem,
            other => panic!("{other:?}"),
        }
    }

    /// Returns a JPEG of 40 × 20 pixels whose Exif data says that it is turned by 90 degrees, and where it was taken.
    fn photo() -> Vec<u8> {
        let jpeg = encode_jpeg(&DynamicImage::new_rgb8(40, 20)).unwrap().bytes;
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"GPS 52.5200 N");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_photo_is_upright_and_does_not_tell_where_it_was_taken() {
        let photo = photo();
        let clean = clean(&photo).unwrap();
        let (image, format) = decode(&clean.bytes).unwrap();
        assert_eq!((image.width(), image.height(), format), (20, 40, ImageFormat::Jpeg));
        let holds = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(holds(&photo, b"GPS") && !holds(&clean.bytes, b"GPS") && !holds(&clean.bytes, b"Exif"));
        let small = thumbnail(&photo).unwrap();
        assert_eq!(decode(&small.bytes).unwrap().0.height(), 40);
    }

    #[test]
    fn a_small_file_of_a_billion_pixels_is_refused_before_it_takes_memory() {
        // The header of a PNG with 40,000 × 40,000 pixels, and no pixels.
        let mut chunk = b"IHDR\0\0\x9c\x40\0\0\x9c\x40\x08\x06\0\0\0".to_vec();
        let mut crc = 0xffff_ffff_u32;
        for byte in &chunk {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        chunk.extend((!crc).to_be_bytes());
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &chunk[..], b"\0\0\0\0IDAT\x35\xaf\x06\x1e"].concat();
        assert_eq!(problem(&png), FileProblem::TooManyPixels { max: MAX_PIXELS });
    }

    #[test]
    fn other_files_are_no_images() {
        for other in [&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], b"%PDF-1.4", b""] {
            assert_eq!(problem(other), FileProblem::NotAnImage);
        }
        assert_eq!(problem(b"\x89PNG\r\n\x1a\nnothing"), FileProblem::Damaged);
    }

    #[test]
    fn each_format_stays_one_that_browsers_show() {
        let image = DynamicImage::new_rgba8(3, 2);
        for (format, extension) in
            [(ImageFormat::Png, "png"), (ImageFormat::Gif, "png"), (ImageFormat::WebP, "webp")]
        {
            let bytes = encode(&image, format, "").unwrap().bytes;
            assert_eq!(clean(&bytes).unwrap().extension, extension);
        }
    }
}
