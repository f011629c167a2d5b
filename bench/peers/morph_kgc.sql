-- From prepared JSON and TSV to the Parquet files that morph_kgc.rml.ttl maps; DuckDB, in the folder that holds them.
-- What a row of ours is, is settled here: forms of links, one mention for several equal rows, the digest in its IRI.

COPY (SELECT * FROM read_json('records.json', format = 'newline_delimited', sample_size = -1)) TO 'records.parquet';

COPY (SELECT * FROM read_csv('genes.tsv', delim = '\t', header = true, quote = '', escape = '', nullstr = '\N',
                             all_varchar = true)) TO 'genes.parquet';

COPY (SELECT * FROM read_csv('chemicals.tsv', delim = '\t', header = true, quote = '', escape = '', nullstr = '\N',
                             all_varchar = true)) TO 'chemicals.parquet';

COPY (SELECT * FROM read_csv('diseases.tsv', delim = '\t', header = true, quote = '', escape = '', nullstr = '\N',
                             all_varchar = true)) TO 'diseases.parquet';

COPY (
SELECT figure, figid, figtitle, description, license, number, figtype, figid_alias, pmcid, wpid, ndex,
       CASE WHEN score = '' OR contains(score, '.') THEN score ELSE score || '.0' END AS score,
       CASE WHEN filename = '' THEN '' ELSE pmcid || '/bin/' || filename END AS image,
       CASE WHEN contains(figlink, 'articles/' || pmcid || '/')
            THEN substr(figlink, strpos(figlink, 'articles/')) ELSE '' END AS page
FROM 'records.parquet'
) TO 'figures.parquet';

COPY (
WITH papers AS (SELECT DISTINCT pmcid, papertitle, year, reftext, doi, publisher_name,
                coalesce(nullif(journal_nlm_ta, ''), journal_title) AS journal
                FROM 'records.parquet'),
slugged AS (SELECT *, trim(regexp_replace(lower(journal), '[^a-z0-9]+', '-', 'g'), '-') AS journal_slug,
            trim(regexp_replace(lower(publisher_name), '[^a-z0-9]+', '-', 'g'), '-') AS publisher_slug
            FROM papers)
SELECT pmcid, substr(pmcid, 4) AS number, papertitle, year, reftext, doi, upper(doi) AS doi_upper,
       lower(doi) AS doi_lower, CASE WHEN doi = '' THEN '' ELSE 'doi:' || doi END AS doi_identifier,
       CASE WHEN strlen(journal) = length(journal) THEN journal_slug
            ELSE journal_slug || '-' || substr(sha256(journal), 1, 8) END AS journal_slug,
       CASE WHEN strlen(publisher_name) = length(publisher_name) THEN publisher_slug
            ELSE publisher_slug || '-' || substr(sha256(publisher_name), 1, 8) END AS publisher_slug
FROM slugged
) TO 'papers.parquet';

COPY (
SELECT figure, word, match, source AS lexicon,
       figure || '#g-' || substr(sha256(concat_ws(chr(9), word, match, ncbigene_id, source)), 1, 12) AS mention,
       CASE WHEN ncbigene_id = '' THEN '' ELSE 'https://identifiers.org/ncbigene/' || ncbigene_id END AS body,
       CASE WHEN count(*) > 1 THEN count(*)::VARCHAR ELSE '' END AS times
FROM 'genes.parquet'
GROUP BY figure, word, match, ncbigene_id, source
) TO 'gene_mentions.parquet';

COPY (
WITH ids AS (SELECT figure, word, match, lower(source) AS source,
             upper(regexp_extract(mesh || identifier, '[A-Z][0-9]{3,18}$')) AS mesh,
             regexp_extract(chebi, '[0-9]+$') AS number
             FROM 'chemicals.parquet'),
rows AS (SELECT figure, word, match,
         CASE WHEN mesh <> '' THEN mesh WHEN number <> '' THEN 'CHEBI_' || number ELSE '' END AS ident,
         CASE WHEN mesh <> '' THEN 'mesh' WHEN number <> '' THEN 'chebi' ELSE source END AS lexicon FROM ids)
SELECT figure, word, match, lexicon,
       figure || '#c-' || substr(sha256(concat_ws(chr(9), word, match, ident, lexicon)), 1, 12) AS mention,
       CASE WHEN ident = '' THEN '' WHEN contains(ident, '_') THEN 'http://purl.obolibrary.org/obo/' || ident
            ELSE 'http://id.nlm.nih.gov/mesh/' || ident END AS body,
       CASE WHEN count(*) > 1 THEN count(*)::VARCHAR ELSE '' END AS times
FROM rows GROUP BY figure, word, match, ident, lexicon
) TO 'chemical_mentions.parquet';

COPY (
WITH ids AS (SELECT figure, word, match, lower(source) AS source,
             upper(regexp_extract(mesh || identifier, '[A-Z][0-9]{3,18}$')) AS mesh,
             regexp_extract(doid, '[0-9]+$') AS number
             FROM 'diseases.parquet'),
rows AS (SELECT figure, word, match,
         CASE WHEN mesh <> '' THEN mesh WHEN number <> '' THEN 'DOID_' || number ELSE '' END AS ident,
         CASE WHEN mesh <> '' THEN 'mesh' WHEN number <> '' THEN 'doid' ELSE source END AS lexicon FROM ids)
SELECT figure, word, match, lexicon,
       figure || '#d-' || substr(sha256(concat_ws(chr(9), word, match, ident, lexicon)), 1, 12) AS mention,
       CASE WHEN ident = '' THEN '' WHEN contains(ident, '_') THEN 'http://purl.obolibrary.org/obo/' || ident
            ELSE 'http://id.nlm.nih.gov/mesh/' || ident END AS body,
       CASE WHEN count(*) > 1 THEN count(*)::VARCHAR ELSE '' END AS times
FROM rows GROUP BY figure, word, match, ident, lexicon
) TO 'disease_mentions.parquet';
