//! A document in Markdown, taken apart.

use crate::harness::repository::repository;

pub struct Document {
    pub path: &'static str,
    pub text: String,
    pub blocks: Vec<Block>,
}

/// A fenced code block.
pub struct Block {
    pub language: String,
    /// The line of the opening fence.
    pub line: usize,
    /// The heading above it.
    pub heading: String,
    pub text: String,
}

impl Document {
    pub fn read(path: &str) -> Self {
        let path: &'static str = super::DOCUMENTS.into_iter().find(|known| *known == path).expect("a known document");
        let text = std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let blocks = blocks(&text);
        Document { path, text, blocks }
    }

    /// The targets of its links, except those to other sites.
    pub fn links(&self) -> Vec<String> {
        let prose = prose(&self.text);
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        targets.map(|(target, _)| target.to_owned()).filter(|target| !target.contains("://")).collect()
    }

    /// The texts between single backticks.
    pub fn quoted(&self) -> Vec<String> {
        let prose = prose(&self.text);
        prose.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
    }
}

impl Block {
    /// The commands of a shell block, each on one line and without its comment.
    pub fn lines(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", "");
        let commands = joined.lines().map(|line| line.split(" #").next().unwrap_or_default());
        let commands = commands.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        commands.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    }
}

/// Headings as links name them.
pub fn headings(text: &str) -> Vec<String> {
    let titles = prose(text);
    let titles = titles
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    let kept = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == ' ';
    titles
        .map(|title| title.to_lowercase().chars().filter(|letter| kept(*letter)).collect::<String>().replace(' ', "-"))
        .collect()
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut heading) = (Vec::new(), None::<Block>, String::new());
    for (number, line) in text.lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                let (language, heading) = (language.to_owned(), heading.clone());
                open = Some(Block { language, line: number + 1, heading, text: String::new() });
            }
            (None, None) => {
                if let Some(title) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')) {
                    heading = title.to_owned();
                }
            }
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text += &format!("{line}\n");
                open = Some(block);
            }
        }
    }
    assert!(open.is_none(), "a code block has no end");
    blocks
}

/// The text without its code blocks.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}
