//! The cells of the KV cache: one for each token that is kept, shared by all sequences that begin alike.
//!
//! llama.cpp keeps such a list itself but tells nothing of it; this one is kept in step with what is asked of it, so
//! that what fits is known before it is computed.

/// The number of a cell. Not llama.cpp's own number; only which cells are the same matters.
pub(crate) type Cell = u32;

/// Which cells are taken.
#[derive(Debug)]
pub(crate) struct Cells {
    /// How many sequences each belongs to.
    owners: Vec<u16>,
    free: Vec<Cell>,
}

impl Cells {
    /// All free.
    pub(crate) fn new(n: u32) -> Self {
        Self { owners: vec![0; n as usize], free: (0..n).rev().collect() }
    }

    /// How many are free.
    pub(crate) fn n_free(&self) -> usize {
        self.free.len()
    }

    /// How many there are.
    pub(crate) fn n(&self) -> usize {
        self.owners.len()
    }

    /// Take `n` for one sequence, or none at all if there are not so many.
    pub(crate) fn take(&mut self, n: usize, into: &mut Vec<Cell>) -> bool {
        let Some(from) = self.free.len().checked_sub(n) else { return false };
        for &cell in &self.free[from..] {
            self.owners[cell as usize] = 1;
        }
        into.extend(self.free.drain(from..).rev());
        true
    }

    /// One more sequence has these.
    pub(crate) fn share(&mut self, cells: &[Cell]) {
        for &cell in cells {
            self.owners[cell as usize] += 1;
        }
    }

    /// One sequence has these no longer.
    pub(crate) fn give_back(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for cell in cells {
            let owners = &mut self.owners[cell as usize];
            *owners = owners.saturating_sub(1);
            if *owners == 0 {
                self.free.push(cell);
            }
        }
    }

    /// Whether another sequence has one of these too.
    pub(crate) fn any_shared(&self, cells: &[Cell]) -> bool {
        cells.iter().any(|&cell| self.owners[cell as usize] > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_free_when_its_last_sequence_gives_it_back() {
        let mut cells = Cells::new(4);
        let mut one = Vec::new();
        assert!(cells.take(3, &mut one) && cells.n_free() == 1);
        cells.share(&one[..2]);
        assert!(cells.any_shared(&one) && !cells.any_shared(&one[2..]));
        cells.give_back(one.iter().copied());
        assert_eq!(cells.n_free(), 2);
        cells.give_back(one[..2].iter().copied());
        assert_eq!((cells.n_free(), cells.n()), (4, 4));
    }

    #[test]
    fn too_many_at_once_are_none() {
        let mut cells = Cells::new(4);
        let mut one = Vec::new();
        assert!(!cells.take(5, &mut one));
        assert_eq!((one.len(), cells.n_free()), (0, 4));
    }
}
