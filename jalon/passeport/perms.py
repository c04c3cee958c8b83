"""Le livret se voit avec la personne, et par elle-même.

L'accès se trouve aussi par l'empreinte du code de papier qu'elle vient d'écrire, ou de sa visite ouverte.
"""

from jalon.personnes.perms import elle_meme, par_personne
from jalon.socle import rls

for _table in ("profilcompetences", "experience", "demarchepersonnelle"):
    rls.protect(f"passeport_{_table}", f"{par_personne()} or {elle_meme()}")
rls.protect(
    "passeport_accespersonnel",
    f"{par_personne()} or {elle_meme()} or empreinte = {rls.LIEN} or visite <> '' and visite = {rls.LIEN}",
)
