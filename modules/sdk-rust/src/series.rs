const NONE: u16 = 0;

/// State of each series by its id: at most `N` of them (below 65,535), found in `CELLS` cells, a power of two of at least twice as many.
/// Nothing is ever removed: ids are stable for the module's life.
pub struct SeriesTable<T, const N: usize, const CELLS: usize> {
    /// 1 + the index of the series; 0: free.
    cells: [u16; CELLS],
    ids: [u32; N],
    items: [T; N],
    count: usize,
}

impl<T: Copy, const N: usize, const CELLS: usize> SeriesTable<T, N, CELLS> {
    /// An empty table. Of `empty` nothing shows; all zero, it takes no room in the binary.
    pub const fn new(empty: T) -> Self {
        assert!(CELLS.is_power_of_two() && CELLS >= 2 * N && N < u16::MAX as usize);
        SeriesTable { cells: [NONE; CELLS], ids: [0; N], items: [empty; N], count: 0 }
    }

    /// Forgets every series.
    pub fn clear(&mut self) {
        self.cells.fill(NONE);
        self.count = 0;
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The state of series `id`, if it is known.
    pub fn find(&mut self, id: u32) -> Option<&mut T> {
        match self.cells[self.cell_of(id)] {
            NONE => None,
            cell => Some(&mut self.items[cell as usize - 1]),
        }
    }

    /// Adds series `id`, which is not known. False when there is no room for another.
    pub fn add(&mut self, id: u32, item: T) -> bool {
        if self.count == N {
            return false;
        }
        let cell = self.cell_of(id);
        self.ids[self.count] = id;
        self.items[self.count] = item;
        self.count += 1;
        self.cells[cell] = self.count as u16;
        true
    }

    /// The `index`th series in order of arrival: its id and state.
    pub fn at(&self, index: usize) -> (u32, &T) {
        (self.ids[index], &self.items[index])
    }

    /// The cell that holds `id`, or the free one where it belongs. Multiplying by 2^32 / golden ratio spreads ids that count up.
    fn cell_of(&self, id: u32) -> usize {
        let mut cell = (id.wrapping_mul(0x9e37_79b1) >> (32 - CELLS.trailing_zeros())) as usize;
        while self.cells[cell] != NONE && self.ids[self.cells[cell] as usize - 1] != id {
            cell = (cell + 1) % CELLS;
        }
        cell
    }
}
