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
