"""Un accompagnement se voit par l'organisme qui le tient et par son territoire.

La politique ne peut pas passer par la personne : celle de la personne lit cette table.
"""

from jalon.personnes.perms import elle_meme, par_personne
from jalon.socle import rls

EFFETS = "(select current_setting('jalon.effets', true)) = 'oui'"
"""Un acte permis s'accomplit en entier (`jalon.personnes.fusion.effets_complets`), même sur ce que l'agent ne lit pas."""

rls.protect(
    "accompagnements_accompagnement",
    f"organisme_id = {rls.ORGANISMES} or territoire_id = {rls.TERRITOIRES} or {elle_meme()}",
)
rls.protect("accompagnements_maintien", par_personne())
rls.protect("accompagnements_designationreferent", f"{par_personne()} or {elle_meme()}")
rls.protect("accompagnements_designationcorrespondant", f"{par_personne()} or {elle_meme()}")
# Un avis reste à qui il fut adressé, même quand la personne n'est plus dans son périmètre.
rls.protect_strict("accompagnements_avisreferent", f"agent_id = {rls.AGENT} or {par_personne()} or {EFFETS}")
rls.protect(
    "accompagnements_lignetransfert",
    "exists (select 1 from accompagnements_designationreferent d "
    "where d.id = accompagnements_lignetransfert.ancienne_id)",
)
EST_REFERENT = (
    "exists (select 1 from accompagnements_designationreferent d "
    "where d.personne_id = accompagnements_fichenavette.personne_id and d.periode @> current_date "
    f"and (d.agent_id = {rls.AGENT} or exists (select 1 from accompagnements_absenceagent a "
    f"where a.agent_id = d.agent_id and a.remplacant_id = {rls.AGENT} and a.periode @> current_date)))"
)
"""Je suis le référent unique de la personne, ou je le remplace aujourd'hui."""
rls.protect_strict(
    "accompagnements_fichenavette",
    f"({par_personne()} and (auteur_id = {rls.AGENT} or {rls.AGENT} = any(agents) "
    f"or exists (select 1 from unnest(organismes) o where o = {rls.ORGANISMES}) or {EST_REFERENT})) or {EFFETS}",
)
rls.protect_strict(
    "accompagnements_messagenavette",
    "exists (select 1 from accompagnements_fichenavette f where f.id = accompagnements_messagenavette.fiche_id)",
)
