"""Les anomalies suivent la personne ou le dossier ; la quarantaine est départementale."""

from jalon.droits.perms import PAR_DOSSIER
from jalon.personnes.perms import par_personne
from jalon.socle import rls

rls.protect(
    "echanges_anomalieflux",
    f"(personne_id is not null and {par_personne()}) or "
    f"(personne_id is null and dossier_id is not null and {PAR_DOSSIER})",
)
rls.protect("echanges_quarantaine", "false")

# La liste d'un partenaire nomme aussi des personnes que nous ne connaissons pas : elle suit sa campagne.
rls.protect("echanges_campagne", f"territoire_id = {rls.TERRITOIRES} or creee_par_id = {rls.AGENT}")
rls.protect(
    "echanges_lignecampagne",
    "exists (select 1 from echanges_campagne c where c.id = echanges_lignecampagne.campagne_id)",
)
rls.protect("echanges_candidatligne", par_personne())
