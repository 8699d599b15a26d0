import { AsnParser } from '@peculiar/asn1-schema';
import { CertificateList } from '@peculiar/asn1-x509';
import { plainSerial } from './plain-serial.ts';

/** Numbers of the certificates on these lists, PEM; as `plainSerial` writes them. */
export const revokedSerials = (lists: readonly string[]): Set<string> => new Set(lists.flatMap(serialsOf));

function serialsOf(pem: string): string[] {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const { tbsCertList } = AsnParser.parse(der, CertificateList);
  return (tbsCertList.revokedCertificates ?? []).map(({ userCertificate }) =>
    plainSerial(Buffer.from(userCertificate).toString('hex')),
  );
}
