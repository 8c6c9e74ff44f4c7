select count(*) from core.sketch_schemes
