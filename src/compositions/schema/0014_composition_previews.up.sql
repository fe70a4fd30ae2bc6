-- What could not be drawn is not tried again each time somebody looks.
ALTER TABLE composition_previews
    ALTER COLUMN picture DROP NOT NULL,
    ADD COLUMN failure text CHECK (length(failure) <= 2000),
    ADD CHECK ((picture IS NULL) <> (failure IS NULL));
