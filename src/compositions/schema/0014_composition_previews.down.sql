DELETE FROM composition_previews WHERE failure IS NOT NULL;
ALTER TABLE composition_previews
    DROP COLUMN failure,
    ALTER COLUMN picture SET NOT NULL;
