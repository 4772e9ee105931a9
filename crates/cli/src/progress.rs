//! Shows the events of the engine on a terminal: a line for each stage, and below it a bar with bytes, rate and
//! remaining time. If standard error is not a terminal, only notes are shown.

use std::io::{self, IsTerminal};

use backup::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::advice;
use crate::args::Global;
use crate::output;

/// Renders events. Clears the bar when dropped.
pub(crate) struct Progress<'a> {
    global: &'a Global,
    bar: ProgressBar,
    /// The notes of one run, for `--json`.
    pub(crate) notes: Vec<String>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(global: &'a Global) -> Self {
        let shown = !global.quiet && !global.json && io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { global, bar: ProgressBar::with_draw_target(Some(0), target), notes: Vec::new() }
    }

    /// Hides the bar while `show` writes to the terminal.
    pub(crate) fn suspend<T>(&self, show: impl FnOnce() -> T) -> T {
        self.bar.suspend(show)
    }

    fn style(&self, total: u64) {
        let template = if total == 0 {
            "{spinner} {msg}"
        } else {
            "{msg:34!} {bar:24} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>4} left"
        };
        let style = ProgressStyle::with_template(template).expect("the template is fixed");
        self.bar.set_style(style.progress_chars("━━─"));
    }
}

impl Observer for Progress<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Step(step) => {
                self.bar.reset();
                self.bar.set_length(0);
                self.style(0);
                self.bar.set_message(step.to_string());
                self.bar.tick();
            }
            Event::Progress { done, total } => {
                if done == 0 {
                    self.bar.reset();
                }
                if self.bar.length() != Some(total) {
                    self.bar.set_length(total);
                    self.style(total);
                }
                self.bar.set_position(done);
            }
            Event::Note(note) => {
                let note = advice::note_message(&note);
                self.bar.suspend(|| output::note(self.global, &format!("Note: {note}")));
                self.notes.push(note);
            }
            _ => {}
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
