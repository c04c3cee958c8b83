"""Un recueil se voit avec sa personne. Une grille sans personne vient d'une étude : elle se voit sur son territoire."""

from jalon.personnes.perms import elle_meme, par_personne
from jalon.socle import rls

rls.protect("diagnostics_recueil", par_personne())
rls.protect("diagnostics_brouillonrecueil", par_personne())
rls.protect(
    "diagnostics_passation",
    f"case when personne_id is null then territoire_id = {rls.TERRITOIRES} else ({par_personne()} or {elle_meme()}) end",
)
rls.protect(
    "diagnostics_reponse",
    "exists (select 1 from diagnostics_passation g where g.id = diagnostics_reponse.passation_id)",
)
