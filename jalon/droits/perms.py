"""Un dossier RSA se voit par les personnes de son foyer ; ce qui tient à une personne, par elle."""

from jalon.personnes.perms import par_foyer, par_personne
from jalon.socle import rls

PAR_DOSSIER = "exists (select 1 from droits_dossierrsa d where d.id = dossier_id)"

rls.protect("droits_dossierrsa", par_foyer("droits_dossierrsa.foyer_id"))
for _table in ("situation", "montant", "naturedroit", "suspension", "evenement", "reception"):
    rls.protect(f"droits_{_table}", PAR_DOSSIER)
for _table in ("soumission", "ressource", "activite"):
    rls.protect(f"droits_{_table}", par_personne())
for _table in ("avispresident", "blocrecu"):
    rls.protect(f"droits_{_table}", f"{PAR_DOSSIER} and (personne_id is null or {par_personne()})")

PAR_DEMANDE = "exists (select 1 from droits_demandeinstruction d where d.id = demande_id)"

# L'organisme qui instruit voit sa demande, même liquidée : il doit encore le complément.
rls.protect("droits_demandeinstruction", f"organisme_id = {rls.ORGANISMES} or {par_personne()}")
for _table in ("piecedemandee", "simulationdroit", "retourdemande"):
    rls.protect(f"droits_{_table}", PAR_DEMANDE)
rls.protect_strict("droits_brouilloninstruction", f"agent_id = {rls.AGENT}")
