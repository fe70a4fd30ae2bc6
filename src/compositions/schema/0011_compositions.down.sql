DROP TABLE composition_renders;
DROP TABLE composition_previews;
DROP TABLE composition_templates;
DROP TABLE composition_versions;
DROP TABLE compositions;
DROP TYPE composition_status;
