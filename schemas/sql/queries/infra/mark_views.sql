-- Notes which view files were applied; the text is put in as a literal.
comment on schema core is {}
