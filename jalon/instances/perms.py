"""Qui voit un dossier de séance : qui voit la personne, et travaille sur le territoire de l'instance ou y siège.

Qui ne fait que siéger ne voit une personne que par l'ordre du jour, de la convocation à la clôture : la politique de la
personne le dit (`instances_personnes_ouvertes`), et tout ce qui tient à elle s'ouvre et se referme avec. Les notes des
membres se ferment ici même : hors de ces dates, ou à qui ne siège pas, elles n'existent pas, même pour un périmètre
départemental.
"""

from jalon.personnes.perms import par_personne
from jalon.socle import rls

SIEGE = (
    "exists (select 1 from instances_membreinstance m where m.instance_id = s.instance_id "
    f"and m.agent_id = {rls.AGENT} and m.periode @> current_date)"
)
"""Je siège aujourd'hui dans l'instance de la séance `s`."""
DU_LIEU = (
    "exists (select 1 from instances_seance s join instances_instance i on i.id = s.instance_id "
    f"where s.id = {{colonne}} and (i.territoire_id = {rls.TERRITOIRES} or {SIEGE}))"
)


def par_dossier(table: str) -> str:
    """Condition « le dossier de séance de cette ligne m'est visible » (sa politique s'applique)."""
    return f"exists (select 1 from instances_dossierseance d where d.id = {table}.dossier_id)"


rls.protect(
    "instances_dossierseance",
    f"{par_personne('instances_dossierseance.personne_id')} "
    f"and {DU_LIEU.format(colonne='instances_dossierseance.seance_id')}",
)
rls.protect("instances_choixorientation", par_dossier("instances_choixorientation"))
rls.protect("instances_avisdossier", par_dossier("instances_avisdossier"))
rls.protect("instances_deportmembre", par_dossier("instances_deportmembre"))
rls.protect_strict(
    "instances_notepartenaire",
    "exists (select 1 from instances_dossierseance d join instances_seance s on s.id = d.seance_id "
    "where d.id = instances_notepartenaire.dossier_id and s.etat in ('convoquee', 'ouverte') "
    f"and (s.secretaire_id = {rls.AGENT} or {SIEGE}))",
)
