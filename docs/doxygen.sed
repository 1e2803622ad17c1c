# In Doxygen's Markdown an apostrophe ends code between single backticks, but not between double ones.
s/`([^`]*'[^`]*)`/``\1``/g
# And it drops empty template arguments.
/^ *\/\/\//!s/\bCoro<>/Coro<void>/g
