select count(*) from core.sketches
