"""Qui voit une invitation et ce qui en sort : qui voit la personne, et la personne elle-même par son lien.

Un lien personnel n'ouvre que l'invitation qu'il désigne, son questionnaire et son justificatif. Le calendrier des
réunions ne nomme personne : il n'est pas fermé.
"""

from jalon.personnes.perms import LIEN_OUVERT, par_personne
from jalon.socle import rls

INVITATION_DU_LIEN = f"select l.objet, l.personne_id from {LIEN_OUVERT}"
PAR_INVITATION = (
    "(invitation_id, personne_id) in (select i.id, i.personne_id from rendezvous_invitation i "
    f"where (i.public_id, i.personne_id) in ({INVITATION_DU_LIEN}))"
)
"""Ce qui tient à l'invitation que mon lien désigne, et à elle seule."""

rls.protect("rendezvous_invitation", f"{par_personne()} or (public_id, personne_id) in ({INVITATION_DU_LIEN})")
rls.protect("rendezvous_questionnairepreparatoire", f"{par_personne()} or {PAR_INVITATION}")
rls.protect("rendezvous_justificatifabsence", f"{par_personne()} or {PAR_INVITATION}")
rls.protect(
    "rendezvous_reponsequestion",
    "exists (select 1 from rendezvous_questionnairepreparatoire q "
    "where q.id = rendezvous_reponsequestion.questionnaire_id)",
)
rls.protect("rendezvous_contactindividuel", par_personne())
rls.protect("rendezvous_rendezvous", par_personne())
rls.protect(
    "rendezvous_preuveabsence",
    "exists (select 1 from rendezvous_justificatifabsence j where j.id = rendezvous_preuveabsence.justificatif_id)",
)
