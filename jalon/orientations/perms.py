"""Une attente se voit sur le territoire qui doit décider, et par qui accompagne la personne.

L'import tient le territoire de l'attente égal à celui de la personne : la condition évite une jointure par ligne.
"""

from jalon.personnes.perms import SUIVIES, elle_meme, par_personne
from jalon.socle import rls

rls.protect("orientations_attenteorientation", f"territoire_id = {rls.TERRITOIRES} or personne_id in ({SUIVIES})")
rls.protect("orientations_propositionorientation", par_personne())
rls.protect("orientations_decisionorientation", f"{par_personne()} or {elle_meme()}")
rls.protect("orientations_demandereorientation", par_personne())
rls.protect(
    "orientations_notificationorientation",
    "exists (select 1 from orientations_decisionorientation d "
    "where d.id = orientations_notificationorientation.decision_id)",
)
