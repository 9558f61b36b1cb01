//! It stays alive: years of cycles, and whatever a machine does to it. Seeded and bounded; no clock of the machine.

mod clock;
mod damage;
mod disk;
mod gone;
mod open_store;
mod small;
mod stepped;
mod writes;
mod years;
