//! Recognises bytes that no compression shortens, such as those of pictures, from how often each value occurs.

use std::ops::Range;

/// The size of a sample.
const SAMPLE: usize = 32 << 10;
/// The largest chi-squared statistic of a sample that counts as random. That of random bytes has the mean 255 and the standard deviation
/// 22.6, so one sample in a billion exceeds this.
const MAX_CHI_SQUARED: u64 = 390;

/// Returns whether bytes look random in three samples: from the beginning, the middle and the end. Fewer bytes tell too little.
pub(super) fn looks_random(bytes: &[u8]) -> bool {
    if bytes.len() < SAMPLE {
        return false;
    }
    let last = bytes.len() - SAMPLE;
    [0, last / 2, last].into_iter().all(|begin| chi_squared(&bytes[begin..begin + SAMPLE]) <= MAX_CHI_SQUARED)
}

/// The size of the blocks that are judged one by one.
const BLOCK: usize = 4 << 10;
/// The size of the parts of a block that are judged where random bytes border on others.
const PART: usize = 512;

/// Divides bytes into stretches that look random and others, and returns each stretch with whether it does. Returns nothing if less than half
/// of the bytes look random.
pub(super) fn mostly_random(bytes: &[u8]) -> Option<Vec<(bool, Range<usize>)>> {
    let mut stretches: Vec<(bool, Range<usize>)> = Vec::new();
    let mut random = 0;
    for begin in (0..bytes.len()).step_by(BLOCK) {
        let block = &bytes[begin..bytes.len().min(begin + BLOCK)];
        let is_random = block.len() == BLOCK && chi_squared(block) <= MAX_CHI_SQUARED;
        random += if is_random { block.len() } else { 0 };
        match stretches.last_mut() {
            Some((same, range)) if *same == is_random => range.end += block.len(),
            _ => stretches.push((is_random, begin..begin + block.len())),
        }
    }
    if random <= bytes.len() / 2 {
        return None;
    }
    move_borders(bytes, &mut stretches);
    Some(stretches)
}

/// Moves the borders between stretches to where the random bytes begin and end: a text of two kilobytes makes one or two blocks look as if
/// none of their bytes were random.
fn move_borders(bytes: &[u8], stretches: &mut [(bool, Range<usize>)]) {
    let is_random = |part: &[u8]| chi_squared(part) <= MAX_CHI_SQUARED;
    for right in 1..stretches.len() {
        let [(left_is_random, left), (_, right)] = &mut stretches[right - 1..=right] else { unreachable!() };
        let border = match left_is_random {
            true => {
                let parts = bytes[right.clone()].chunks_exact(PART).take_while(|part| is_random(part));
                right.start + parts.count() * PART
            }
            false => {
                let parts = bytes[left.clone()].rchunks_exact(PART).take_while(|part| is_random(part));
                left.end - parts.count() * PART
            }
        };
        // Where no part differs from random bytes, but all of them together do, the stretch stays as it is.
        if border > left.start && border < right.end {
            left.end = border;
            right.start = border;
        }
    }
}

/// Returns the chi-squared statistic of a sample, under the hypothesis that each value is equally likely.
fn chi_squared(sample: &[u8]) -> u64 {
    const VALUES: u64 = 256;
    // Four tables, because increments of one counter wait for each other.
    let mut counts = [[0u32; VALUES as usize]; 4];
    let mut rest = sample.chunks_exact(4);
    for bytes in &mut rest {
        for (table, byte) in counts.iter_mut().zip(bytes) {
            table[usize::from(*byte)] += 1;
        }
    }
    for byte in rest.remainder() {
        counts[0][usize::from(*byte)] += 1;
    }
    let squares = (0..VALUES as usize)
        .map(|value| counts.iter().map(|table| u64::from(table[value])).sum::<u64>().pow(2));
    (squares.sum::<u64>() * VALUES / sample.len() as u64).saturating_sub(sample.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a simple generator that passes this test.
    fn random(length: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn random_bytes_look_random_and_others_do_not() {
        let noise = random(200_000);
        assert!(looks_random(&noise));
        assert!(!looks_random(&vec![7; 200_000]));
        assert!(!looks_random("the quick brown fox ".repeat(10_000).as_bytes()));
        let digits: Vec<u8> = noise.iter().map(|byte| byte % 64).collect();
        assert!(!looks_random(&digits));
        assert!(!looks_random(&noise[..SAMPLE - 1]), "too few to tell");
    }

    #[test]
    fn stretches_of_text_between_random_bytes_are_found() {
        let mut mixed = random(200_000);
        assert_eq!(
            mostly_random(&mixed).unwrap().iter().filter(|(is_random, _)| !is_random).count(),
            1,
            "the end"
        );
        mixed[50_000..60_000].fill(b' ');
        let stretches = mostly_random(&mixed).unwrap();
        let (_, text) = stretches.iter().find(|(is_random, _)| !is_random).unwrap();
        assert!(text.start <= 50_000 && text.end >= 60_000 && text.len() < 20_000, "{text:?}");
        assert_eq!(stretches.iter().map(|(_, range)| range.len()).sum::<usize>(), mixed.len());
        mixed[50_000..170_000].fill(b' ');
        assert_eq!(mostly_random(&mixed), None);
        assert_eq!(mostly_random(b""), None);
    }

    #[test]
    fn borders_of_stretches_are_where_the_random_bytes_end() {
        let mut mixed = random(200_000);
        mixed[50_000..52_000].fill(b' ');
        mixed[60_000..62_500].fill(b' ');
        let stretches = mostly_random(&mixed).unwrap();
        let texts = stretches.iter().filter(|(is_random, _)| !is_random).map(|(_, range)| range.clone());
        let texts: Vec<_> = texts.collect();
        assert_eq!(texts.len(), 3, "two texts and the end: {texts:?}");
        for (found, written) in texts.iter().zip([50_000..52_000, 60_000..62_500]) {
            assert!(found.start <= written.start && found.start + PART > written.start, "{found:?}");
            assert!(found.end >= written.end && found.end < written.end + PART, "{found:?}");
        }
        let behind_each_other = stretches.windows(2).all(|pair| pair[0].1.end == pair[1].1.start);
        assert!(behind_each_other && stretches.last().unwrap().1.end == mixed.len(), "{stretches:?}");
    }

    #[test]
    fn a_text_in_any_sample_is_found() {
        let noise = random(200_000);
        let last = noise.len() - SAMPLE;
        for begin in [0, last / 2, last] {
            let mut mixed = noise.clone();
            mixed[begin..begin + 2000].fill(b' ');
            assert!(!looks_random(&mixed), "at {begin}");
        }
    }
}
